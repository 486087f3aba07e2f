"""Rejects files that can be read but not used as a whole."""

from collections.abc import Mapping

from prepare_dataset.clean.cleaning import Reasons, count_reasons
from prepare_dataset.clean.parsing import ParsedTable
from prepare_dataset.clean.reasons import KEPT, PROFILES
from prepare_dataset.table.arrays import MISSING, Bools
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.settings import Profile


def refuse_unreadable(raw: RawTable, parsed: ParsedTable, profile: Profile) -> None:
    """Refuse a file with ambiguous dates, or with a column in which no cell can be read.

    A file in which only some cells cannot be read is accepted: their rows are rejected one by one.
    """
    if parsed.ambiguous_dates.any():
        row = int(parsed.ambiguous_dates.argmax())
        raise _at(raw, row, Column.INVOICE_DATE, _why_ambiguous(raw, row, parsed))
    _refuse_column(raw, Column.INVOICE_DATE, parsed.seconds.invalid, "a date such as 2010-12-31 08:26")
    if RejectReason.INVALID_QUANTITY in PROFILES[profile]:
        _refuse_column(raw, Column.QUANTITY, parsed.quantity.invalid, "a number such as 12")
    if RejectReason.INVALID_PRICE in PROFILES[profile] and parsed.price:
        _refuse_column(raw, Column.PRICE, parsed.price.invalid, "a number such as 2.55")


def _why_ambiguous(raw: RawTable, row: int, parsed: ParsedTable) -> str:
    if parsed.contradicting_dates:
        day, month = (text[:80] for text in parsed.contradicting_dates)
        return (
            f"The file has dates with the day first and with the month first: “{day}” and “{month}”; write"
            " all dates as 2010-12-31 08:26."
        )
    return (
        f"The date “{_text(raw, row, Column.INVOICE_DATE)}” can be read with the day first or the month"
        " first, and no other date in the file shows which; write dates as 2010-12-31 08:26."
    )


def _refuse_column(raw: RawTable, column: Column, unreadable: Bools, wanted: str) -> None:
    texts = raw.columns.get(column)
    if texts is None or not unreadable[texts.codes].all() or not (given := texts.codes != MISSING).any():
        return
    row = int(given.argmax())
    raise _at(
        raw,
        row,
        column,
        f"Nothing in the column {column} can be read: the first entry is “{_text(raw, row, column)}”,"
        f" but should be {wanted}.",
    )


def _at(raw: RawTable, row: int, column: Column, sentence: str) -> Rejected:
    location = raw.location(row)
    return Rejected(sentence, sheet=location.sheet, row=location.row, column=column)


def _text(raw: RawTable, row: int, column: Column) -> str:
    texts = raw.columns[column]
    return str(texts.values[int(texts.codes[row])])[:80]


# Rows that are no line of an invoice. Returns, and things that are no products, are lines of one.
_NO_PURCHASE = PROFILES["tutorial"]


def refuse_without_purchases(reasons: Reasons) -> None:
    """Refuse an increment without any line of a customer's invoice; returns are such lines."""
    counts = count_reasons(reasons)
    if sum(counts[reason] for reason in _NO_PURCHASE) == len(reasons):
        raise Rejected(
            f"No row can be added to the dataset: {_list(counts)}; upload a file with customers' invoices."
        )


_DESCRIPTIONS = {
    RejectReason.MALFORMED_ROW: "have too many or too few cells",
    RejectReason.MISSING_CUSTOMER: "have no customer",
    RejectReason.MISSING_ITEM: "have no item",
    RejectReason.INVALID_ID: "have an unusable customer, item or invoice",
    RejectReason.INVALID_DATE: "have no readable date",
    RejectReason.CANCELLATION: "are cancellations",
    RejectReason.INVALID_QUANTITY: "have no readable quantity",
    RejectReason.NON_POSITIVE_QUANTITY: "have a quantity of zero or less",
    RejectReason.INVALID_PRICE: "have no readable price",
    RejectReason.NON_POSITIVE_PRICE: "have a price of zero or less",
    RejectReason.NON_PRODUCT: "are no products",
    RejectReason.DUPLICATE: "are duplicates",
}


def refuse_if_nothing_left(reasons: Reasons) -> None:
    """Refuse a file of which no row was kept, with the reasons and their counts."""
    if (reasons == KEPT).any():
        return
    counts = _list(count_reasons(reasons))
    raise Rejected(f"No row is left after cleaning: {counts}; upload a file with purchases.")


def _list(counts: Mapping[RejectReason, int]) -> str:
    return ", ".join(f"{rows:,} {_DESCRIPTIONS[reason]}" for reason, rows in counts.items() if rows)
