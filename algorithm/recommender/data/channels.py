"""Read a channel: every file below its folder, CSV with a header, plain or gzipped."""

import csv
import gzip
import io
import logging
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from recommender.access import files_below, reading
from recommender.data.cells import NO_TIME, quantity, seconds
from recommender.data.interactions import IntArray, Interactions
from recommender.errors import UserError

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ["user_id", "item_id"]
TIME_NAMES = ("timestamp", "time")
QUANTITY = "quantity"
NOT_CSV = "it is not CSV: a field with a comma, quote or line break must be in quotes, its own quotes doubled"
GZIP_MAGIC = b"\x1f\x8b"

log = logging.getLogger(__name__)


def read_channel(folder: Path, *, two_columns: bool = False) -> Interactions:
    """Read all files of a channel as one table; ids are strings, unchanged.

    The optional columns ``timestamp`` (or ``time``) and ``quantity`` are used, unless ``two_columns``. A row
    with a quantity of zero or less is a return, not a purchase, and is left out. Raises UserError.
    """
    files = files_below(folder)
    if not files:
        raise UserError(f"The {folder.name} channel holds no file: give it CSV files.")
    # Programs that write many files add empty ones as markers, such as Spark's _SUCCESS.
    filled = [path for path in files if path.stat().st_size]
    if len(filled) < len(files):
        log.info(
            "%d of %d files of the %s channel are empty", len(files) - len(filled), len(files), folder.name
        )
    rows = _Rows()
    for path in filled or files:
        name = f"{folder.name}/{path.relative_to(folder)}"
        with reading(path), _refusing(name), _open_text(path) as lines:
            rows.read(lines, two_columns=two_columns)
    if rows.returns:
        log.info(
            "left out %d rows of the %s channel: returns, with a quantity of zero or less",
            rows.returns,
            folder.name,
        )
    if not rows.users.codes:
        raise UserError(
            f"The {folder.name} channel holds no interaction: its files have a header and no rows."
            if not rows.returns
            else f"The {folder.name} channel holds returns alone: every quantity is zero or less."
        )
    return rows.interactions()


class _Codes:
    """One column of ids: a code for each row, in order of first appearance until sorted."""

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


class _Rows:
    """The rows of all files read so far."""

    def __init__(self) -> None:
        self.users, self.items = _Codes(), _Codes()
        self.times = array("d")
        self.timed = False
        self.returns = 0

    def read(self, lines: IO[str], *, two_columns: bool) -> None:
        """Add a file's rows."""
        reader = csv.reader(lines, strict=True)
        records = _records(reader)
        header = next(records, [])
        if header[:2] != COLUMNS:
            found = _printable(",".join(header)[:100]) or "nothing"
            raise UserError(f"its first columns must be {','.join(COLUMNS)}, but its header is {found}")
        further = [] if two_columns else header[2:]
        timed = _place(further, TIME_NAMES)
        counted = _place(further, (QUANTITY,))
        self.timed |= timed is not None
        for row in records:
            if len(row) < 2 or not row[0] or not row[1]:
                if not row:  # a blank line, as editors leave at the end
                    continue
                missing = COLUMNS[1] if row[0] else COLUMNS[0]
                raise UserError(f"line {reader.line_num} has no {missing}")
            try:
                if counted is not None and quantity(row, counted) <= 0:
                    self.returns += 1
                    continue
                self.times.append(NO_TIME if timed is None else seconds(row, timed))
            except ValueError as error:
                raise UserError(f"line {reader.line_num}: {error}") from error
            self.users.append(row[0])
            self.items.append(row[1])

    def interactions(self) -> Interactions:
        """Return the rows with sorted ids."""
        user_ids, user_codes = self.users.sorted()
        item_ids, item_codes = self.items.sorted()
        times = np.frombuffer(self.times, dtype=np.float64) if self.timed else None
        known = times is not None and not np.isnan(times).all()
        return Interactions(user_ids, item_ids, user_codes, item_codes, times if known else None)


def _records(reader: "Reader") -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise UserError(f"{NOT_CSV} (found by line {reader.line_num}: {error})") from error


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _place(further: list[str], names: tuple[str, ...]) -> int | None:
    """Return the place of a column in a row, by the first of its names; None if it is absent."""
    found = [further.index(name) for name in names if name in further]
    return found[0] + len(COLUMNS) if found else None


@contextmanager
def _open_text(path: Path) -> Iterator[IO[str]]:
    with path.open("rb") as plain:
        # Peek instead of seek: in FastFile mode a file streams from S3, so it is read once from start to end.
        packed = plain.peek(2)[:2] == GZIP_MAGIC
        stream = gzip.GzipFile(fileobj=plain) if packed else plain
        # newline="" leaves line ends inside quotes to the csv module.
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn any error in a file's content into a UserError that names the file."""
    try:
        yield
    except UserError as error:
        raise UserError(f"Cannot use {name}: {error}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot use {name}: it is not UTF-8 text.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"Cannot use {name}: {error}.") from error
