"""Reads a channel: every file below its folder, CSV with a header, plain or gzipped."""

import csv
import gzip
import io
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from recommender.errors import UserError
from recommender.interactions import IntArray, Interactions

COLUMNS = ["user_id", "item_id"]
GZIP_MAGIC = b"\x1f\x8b"


def read_channel(folder: Path) -> Interactions:
    """Read all files of a channel as one table; ids stay the strings they are."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise UserError(f"The {folder.name} channel holds no file.")
    users, items = _Codes(), _Codes()
    for path in files:
        with _refusing(f"{folder.name}/{path.relative_to(folder)}"), _open_text(path) as lines:
            _read_rows(lines, users, items)
    if not users.codes:
        raise UserError(
            f"The {folder.name} channel holds no interaction: its files have a header and no rows."
        )
    user_ids, user_codes = users.sorted()
    item_ids, item_codes = items.sorted()
    return Interactions(user_ids, item_ids, user_codes, item_codes)


class _Codes:
    """One column: a code per row, in order of first appearance until it is sorted."""

    def __init__(self) -> None:
        self.code_of: dict[str, int] = {}
        self.codes = array("i")

    def append(self, name: str) -> None:
        self.codes.append(self.code_of.setdefault(name, len(self.code_of)))

    def sorted(self) -> tuple[list[str], IntArray]:
        ids = sorted(self.code_of)
        new_code = np.empty(len(ids), dtype=np.int32)
        new_code[[self.code_of[name] for name in ids]] = np.arange(len(ids), dtype=np.int32)
        return ids, new_code[np.frombuffer(self.codes, dtype=np.int32)]


def _read_rows(lines: IO[str], users: _Codes, items: _Codes) -> None:
    reader = csv.reader(lines, strict=True)
    header = next(reader, [])
    if header[:2] != COLUMNS:
        found = ",".join(header)[:100] or "nothing"
        raise UserError(f"its first columns must be {','.join(COLUMNS)}, but its header is {found}")
    for row in reader:
        if len(row) < 2 or not row[0] or not row[1]:
            if not row:  # a blank line, as editors leave at the end
                continue
            missing = COLUMNS[1] if row[0] else COLUMNS[0]
            raise UserError(f"line {reader.line_num} has no {missing}")
        users.append(row[0])
        items.append(row[1])


@contextmanager
def _open_text(path: Path) -> Iterator[IO[str]]:
    with path.open("rb") as plain:
        packed = plain.read(2) == GZIP_MAGIC
        plain.seek(0)
        stream = gzip.GzipFile(fileobj=plain) if packed else plain
        # newline="" leaves line ends inside quotes to the csv module.
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn whatever can be wrong with a file's content into a sentence that names the file."""
    try:
        yield
    except UserError as error:
        raise UserError(f"Cannot use {name}: {error}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot use {name}: it is not UTF-8 text.") from error
    except (csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"Cannot use {name}: {error}.") from error
