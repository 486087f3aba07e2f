"""What preparing imports before it reads, and where it keeps what it read: both cost each file the same."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from prepare_dataset.read.workbook import program as sheet_reader
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days, prepare, xlsx_file

_ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(sys.path), "ARROW_DEFAULT_MEMORY_POOL": "system"}


def test_reading_waits_for_nothing_that_only_writing_needs() -> None:
    program = "import sys, prepare_dataset.dataset; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_ENVIRONMENT
    )
    assert not {"pydantic", "prepare_dataset.preparation"} & set(done.stdout.split())


def test_a_workbook_is_read_without_numpy(tmp_path: Path) -> None:
    workbook = xlsx_file(tmp_path, {"one": days(3)})
    program = [sys.executable, "-PS", "-X", "importtime", sheet_reader.__file__]
    done = subprocess.run(
        [*program, workbook, tmp_path, str(2 << 30), "20"],
        input="0\n",
        capture_output=True,
        text=True,
        check=True,
        env=_ENVIRONMENT,
    )
    assert done.stdout.splitlines() == ['["one"]', "0.arrow"]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "pyarrow" in imported
    assert not {"numpy", "pydantic", "site"} & imported


def test_arrow_works_on_the_heap_that_all_else_works_on(tmp_path: Path) -> None:
    prepare(csv_file(tmp_path, days(10)))
    assert pa.default_memory_pool().backend_name == "system"
