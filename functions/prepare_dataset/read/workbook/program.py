"""The program that reads a workbook's sheets; `process.py` starts it, and explains why.

A large workbook waits for its start twice. So it imports none of our modules, and Arrow without numpy, whose
import takes longer than all others here.
"""

import json
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.modules["numpy"] = None  # type: ignore[assignment]  # makes Arrow's import of numpy fail

import fastexcel
import pyarrow as pa

DAMAGED = 1


def main(workbook: str, folder: str, memory: str, head_rows: str) -> None:
    """Print the sheets' names, then write each requested sheet to ``folder``, within ``memory`` bytes."""
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
    """Read each cell as text or null: the first rows of each column, and the rows below dictionary-encoded.

    A number keeps nine decimals, and a whole number has none: ``85048``, never ``85048.0``.
    """
    # skip_rows=0 keeps the empty rows at the top, so that rows are numbered as the sheet shows them.
    cells = workbook.load_sheet_eager(name, header_row=None, skip_rows=0, dtypes="string")
    columns: list[Any] = cells.columns
    return (
        # The head is a copy, so that it does not keep all texts in memory.
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
    except BaseException as problem:  # noqa: BLE001  at the process's boundary: the exit status has a meaning
        # A panic of the reader, which is written in Rust; the class of the error cannot be imported.
        sys.exit(DAMAGED if type(problem).__name__ == "PanicException" else 2)
