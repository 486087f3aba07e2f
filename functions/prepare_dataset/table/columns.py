"""The eight columns of a transaction file, and the headers that they may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.headers import fold

if TYPE_CHECKING:
    from retailrec_shared.core.column_mapping import ColumnMapping

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


# Without these no model can be trained. The other columns may be absent: without
# Invoice cancellations are not recognised, without Quantity every row counts as
# one piece, without Price no price is checked, and descriptions and countries are empty.
REQUIRED = (Column.STOCK_CODE, Column.CUSTOMER_ID, Column.INVOICE_DATE)

_ALIASES = {Column.INVOICE: ("InvoiceNo",), Column.PRICE: ("UnitPrice",)}
_BY_SPELLING = {fold(name): column for column in Column for name in (column, *_ALIASES.get(column, ()))}

# The header of a column in a file with other headers than ours.
Headers = Mapping[Column, str]
OUR_HEADERS: Headers = {}
_FIELDS = {
    "customer_id": Column.CUSTOMER_ID,
    "item_id": Column.STOCK_CODE,
    "timestamp": Column.INVOICE_DATE,
    "quantity": Column.QUANTITY,
    "price": Column.PRICE,
    "invoice": Column.INVOICE,
    "description": Column.DESCRIPTION,
    "country": Column.COUNTRY,
}


def mapped_headers(mapping: "ColumnMapping") -> Headers:
    """Return the headers that a mapping gives to our columns."""
    return {_FIELDS[field]: header for field, header in mapping.headers().items()}


@dataclass(frozen=True)
class Header:
    """The row of the header, and the position (0-based) of each column in it."""

    row: int
    positions: dict[Column, int]


def match_header(cells: Sequence[str | None], headers: Headers = OUR_HEADERS) -> dict[Column, int]:
    """Return the position of each recognised column; other cells are ignored.

    A column that ``headers`` names is found only by that header.
    """
    spellings = {name: column for name, column in _BY_SPELLING.items() if column not in headers}
    spellings |= {fold(header): column for column, header in headers.items()}
    positions: dict[Column, int] = {}
    for position, cell in enumerate(cells):
        column = spellings.get(fold(cell or ""))
        if column is None:
            continue
        if column in positions:
            raise Rejected(
                f"Two columns mean {column}: “{cells[positions[column]]}” and “{cell}”; keep one of them.",
                column=column,
            )
        positions[column] = position
    return positions


def find_header(
    rows: Sequence[Sequence[str | None]], *, sheet: str | None = None, headers: Headers = OUR_HEADERS
) -> Header:
    """Find the header among the first rows of a sheet: the first row that names every required column."""
    best = Header(0, {})
    for number, cells in enumerate(rows[:HEADER_ROWS_SEARCHED]):
        header = Header(number, _match_in(sheet, cells, headers))
        if all(column in header.positions for column in (*REQUIRED, *headers)):
            return header
        if len(header.positions) > len(best.positions):
            best = header
    raise _incomplete(best, rows, sheet, headers)


def _match_in(sheet: str | None, cells: Sequence[str | None], headers: Headers) -> dict[Column, int]:
    try:
        return match_header(cells, headers)
    except Rejected as problem:
        raise Rejected(problem.reason, sheet=sheet, column=problem.column) from None


def _incomplete(
    best: Header, rows: Sequence[Sequence[str | None]], sheet: str | None, headers: Headers
) -> Rejected:
    lacking = [column for column in headers if column not in best.positions]
    if lacking:
        seen = _quote_cells(rows[best.row] if best.positions else next(filter(any, rows), ()))
        return Rejected(
            f"The column mapping says that {lacking[0]} is called “{headers[lacking[0]]}”, but there is no"
            f" such column: the file has {seen}. Correct the mapping or the header.",
            sheet=sheet,
        )
    if not best.positions:
        seen = _quote_cells(next(filter(any, rows), ()))
        return Rejected(
            f"No column is recognised: the file must begin with a row of headers such as"
            f" {', '.join(Column)}, but begins with: {seen}.",
            sheet=sheet,
        )
    missing = [column for column in REQUIRED if column not in best.positions]
    several = len(missing) > 1
    return Rejected(
        f"The column{'s' if several else ''} {' and '.join(missing)} {'are' if several else 'is'} missing;"
        f" found were: {', '.join(best.positions)}. Add {'them' if several else 'it'}, rename the header, or"
        " give a column mapping.",
        sheet=sheet,
    )


def _quote_cells(cells: Sequence[str | None]) -> str:
    return ", ".join(cell for cell in cells if cell)[:200] or "nothing"
