"""The eight columns of a transaction file, and how their headers may be spelled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from retailrec_shared.errors import Rejected

HEADER_ROWS_SEARCHED = 20


class Column(StrEnum):
    """A column by its canonical header (UCI *Online Retail II*)."""

    INVOICE = "Invoice"
    STOCK_CODE = "StockCode"
    DESCRIPTION = "Description"
    QUANTITY = "Quantity"
    INVOICE_DATE = "InvoiceDate"
    PRICE = "Price"
    CUSTOMER_ID = "Customer ID"
    COUNTRY = "Country"


# Without these there is nothing to learn from. The other columns may be absent:
# without Invoice no cancellation can be told, without Quantity every row counts
# as one piece, without Price no price is checked, and descriptions and countries
# stay empty.
REQUIRED = (Column.STOCK_CODE, Column.CUSTOMER_ID, Column.INVOICE_DATE)

_ALIASES = {Column.INVOICE: ("InvoiceNo",), Column.PRICE: ("UnitPrice",)}


def _fold(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, in lower case."""
    return re.sub(r"[\s_\ufeff]+", "", header).lower()


_BY_SPELLING = {_fold(name): column for column in Column for name in (column, *_ALIASES.get(column, ()))}


@dataclass(frozen=True)
class Header:
    """Where the header was found, and which of its cells (0-based) is which column."""

    row: int
    positions: dict[Column, int]


def match_header(cells: Sequence[str | None]) -> dict[Column, int]:
    """Position of each recognised column; cells that mean nothing to us are passed over."""
    positions: dict[Column, int] = {}
    for position, cell in enumerate(cells):
        column = _BY_SPELLING.get(_fold(cell or ""))
        if column is None:
            continue
        if column in positions:
            raise Rejected(
                f"Two columns mean {column}: “{cells[positions[column]]}” and “{cell}”; keep one of them.",
                column=column,
            )
        positions[column] = position
    return positions


def find_header(rows: Sequence[Sequence[str | None]], *, sheet: str | None = None) -> Header:
    """Find the header among the first rows of a sheet: the first row that names every required column."""
    best = Header(0, {})
    for number, cells in enumerate(rows[:HEADER_ROWS_SEARCHED]):
        header = Header(number, _match_in(sheet, cells))
        if all(column in header.positions for column in REQUIRED):
            return header
        if len(header.positions) > len(best.positions):
            best = header
    raise _incomplete(best.positions, rows, sheet)


def _match_in(sheet: str | None, cells: Sequence[str | None]) -> dict[Column, int]:
    try:
        return match_header(cells)
    except Rejected as problem:
        raise Rejected(problem.reason, sheet=sheet, column=problem.column) from None


def _incomplete(
    found: dict[Column, int], rows: Sequence[Sequence[str | None]], sheet: str | None
) -> Rejected:
    if not found:
        first = next((cells for cells in rows if any(cells)), ())
        seen = ", ".join(cell for cell in first if cell)[:200] or "nothing"
        return Rejected(
            f"No column is recognised: the file must begin with a row of headers such as"
            f" {', '.join(Column)}, but begins with: {seen}.",
            sheet=sheet,
        )
    missing = [column for column in REQUIRED if column not in found]
    return Rejected(
        f"The column{'s' if len(missing) > 1 else ''} {' and '.join(missing)}"
        f" {'are' if len(missing) > 1 else 'is'} missing; found were: {', '.join(found)}."
        f" Add {'them' if len(missing) > 1 else 'it'} or rename the header.",
        sheet=sheet,
    )
