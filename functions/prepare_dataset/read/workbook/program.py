"""The program that reads a workbook's sheets: `process.py` starts it, and tells why it is one.

A large workbook waits for it twice. So it imports nothing of ours, and Arrow goes without numpy, which takes
longer to import than all else here.
"""

import json
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.modules["numpy"] = None  # type: ignore[assignment]  # so Python is told that there is none

import fastexcel
import pyarrow as pa

DAMAGED = 1


def main(workbook: str, folder: str, memory: str, head_rows: str) -> None:
    """Tell the sheets' names, then leave each sheet that is asked for in ``folder``; take no more memory."""
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader = fastexcel.read_excel(workbook)
    print(json.dumps(reader.sheet_names), flush=True)  # noqa: T201
    for line in sys.stdin:
        place = int(line)
        head, rest = _load(reader, reader.sheet_names[place], int(head_rows))
        with Path(folder, f"{place}.arrow").open("wb") as file:
            for columns in (head, rest):
                _write(columns, file)
        print(f"{place}.arrow", flush=True)  # noqa: T201


def _load(workbook: Any, name: str, head_rows: int) -> tuple[list[Any], list[Any]]:
    """Read each cell as its text, null where there is none: the columns' first rows, and all below, coded.

    A number keeps nine decimals, and one that is whole has none: ``85048``, never ``85048.0``.
    """
    # skip_rows=0 keeps the empty rows at the top, so that rows are numbered as the sheet shows them.
    cells = workbook.load_sheet_eager(name, header_row=None, skip_rows=0, dtypes="string")
    columns: list[Any] = cells.columns
    return (
        # The head is copied, so that nothing keeps all the texts in memory.
        [pa.concat_arrays([column.slice(0, head_rows)]) for column in columns],
        [column.slice(head_rows).dictionary_encode() for column in columns],
    )


def _write(columns: Iterable[Any], file: Any) -> None:
    batch = pa.record_batch({str(place): column for place, column in enumerate(columns)})
    with pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except fastexcel.FastExcelError:
        sys.exit(DAMAGED)
    except BaseException as problem:  # noqa: BLE001  at the process's boundary: each way to end means something
        # What the reader, which is written in Rust, did not foresee; its class cannot be imported.
        sys.exit(DAMAGED if type(problem).__name__ == "PanicException" else 2)
