"""A generated shop, prepared and trained by the project's own programs, and served over loopback."""

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from shutil import copyfile
from typing import Any

from benchmarks.common.inputs import ROOT, generated_csv
from local.sagemaker.programs.ports import free_port
from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from retailrec_shared.core import names
from retailrec_shared.serving.entries import run_entries
from retailrec_shared.serving.sizes import dump

RUN = "be" * 8
TOP_N = 10


@dataclass(frozen=True)
class Shop:
    """A run's entries of the serving table, as JSON texts, and where its model is."""

    base: Path
    port: int
    entries: dict[str, str]
    customers: list[str]
    item_count: int


def make_shop(folder: Path, rows: int) -> Shop:
    """Generate, prepare and train; ``folder`` becomes the algorithm's base folder."""
    prepared = folder / "prepared"
    prepare_file(
        generated_csv(rows, folder), prepared, Options(profile="retail", split="temporal", top_n=TOP_N)
    )
    for channel, relative in (("training", names.TRAIN_CSV), ("testing", names.TEST_CSV)):
        target = folder / "input/data" / channel
        target.mkdir(parents=True)
        copyfile(prepared / relative, target / "interactions.csv")
    (folder / "input/config").mkdir()
    (folder / "input/config/hyperparameters.json").write_text('{"factors": "64", "iterations": "30"}')
    command = [sys.executable, "-m", "recommender.train"]
    subprocess.run(command, env=_environment(folder), check=True, capture_output=True)
    found = dict(_entries(prepared))
    customers = [json.loads(line)["user_id"] for line in (prepared / names.BATCH_INPUT_JSONL).open()]
    items = sum(1 for key in found if key.startswith(f"{RUN}#item#"))
    known = _in_training(prepared / names.TRAIN_CSV)
    return Shop(folder, free_port(), found, [each for each in customers if each in known][:500], items)


@contextmanager
def serving_program(shop: Shop) -> Iterator[None]:
    """Serve the shop's model while the block runs."""
    environment = _environment(shop.base) | {"SAGEMAKER_BIND_TO_PORT": str(shop.port)}
    command = [sys.executable, "-m", "recommender.serve"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _await_ping(process, shop.port)
            yield
        finally:
            process.terminate()


def _environment(base: Path) -> dict[str, str]:
    return {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "PYTHONPATH": str(ROOT / "algorithm"),
        "RECOMMENDER_HOST": "127.0.0.1",
        "SM_NUM_CPUS": "1",
    }


def _await_ping(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit("The serving program did not become ready.")


def _entries(prepared: Path) -> Iterator[tuple[str, str]]:
    best = json.loads((prepared / names.POPULAR_JSON).read_text())["all"]

    def customers() -> Iterator[tuple[str, Any]]:
        for history in map(json.loads, _lines(prepared / names.HISTORY_JSONL)):
            bought = set(history["bought"])
            fresh = (each for each in best if each["item_id"] not in bought)
            batch = [[each["item_id"], 1.0] for each in islice(fresh, TOP_N)]
            yield history["customer_id"], history | {"recommendations": batch}

    for key, body in run_entries(RUN, lambda relative: _lines(prepared / relative), customers()):
        yield key, dump(body)


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as lines:
        yield from lines


def _in_training(path: Path) -> set[str]:
    with path.open() as lines:
        next(lines)
        return {line.split(",", 1)[0].strip('"') for line in lines}
