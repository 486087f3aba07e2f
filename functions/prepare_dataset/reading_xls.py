"""Reading xls workbooks in a process of their own.

The reader trusts what a damaged xls says of its own sizes: one wrong byte makes it ask for gigabytes, which
ends its process, or walk in circles. The process may take no more memory and time than a sound workbook
needs, and whatever ends it means that the workbook is damaged.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import fastexcel

from prepare_dataset.columns import Headers
from prepare_dataset.limits import XLS_MEMORY_BYTES, XLS_SECONDS
from prepare_dataset.rawtable import RawTable
from prepare_dataset.reading_xlsx import DAMAGED, Workbook
from prepare_dataset.sheets import Sheet, load_sheet
from retailrec_shared.errors import Rejected


def read_xls(path: Path, progress: Callable[[str], None], headers: Headers) -> RawTable:
    """Read all sheets that hold transactions, as of an xlsx workbook."""
    workbook = Workbook(headers)
    with TemporaryDirectory(dir=path.parent) as folder:
        for name, sheet in _sheets(path, Path(folder)):
            rows = workbook.add(name, sheet)
            progress(f"read {rows:,} rows of sheet {name}")
    return workbook.build()


def _sheets(path: Path, folder: Path) -> Iterator[tuple[str, Sheet]]:
    try:
        subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(path), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=XLS_SECONDS,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        raise Rejected(DAMAGED) from problem
    for place, name in enumerate((folder / "names").read_text(encoding="utf-8").split("\0")[:-1]):
        yield name, Sheet.saved(folder / f"{place}.arrow")


def main(workbook: Path, folder: Path) -> None:
    """Be the process: leave each sheet as a file in ``folder``, and last their names."""
    resource.setrlimit(resource.RLIMIT_AS, (XLS_MEMORY_BYTES, XLS_MEMORY_BYTES))
    reader = fastexcel.read_excel(workbook)
    for place, name in enumerate(reader.sheet_names):
        load_sheet(reader, name).save(folder / f"{place}.arrow")
    (folder / "names").write_text("".join(f"{name}\0" for name in reader.sheet_names), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
