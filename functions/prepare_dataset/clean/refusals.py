"""When a file as a whole cannot be used, though it could be read."""

from collections.abc import Mapping

from prepare_dataset.clean.cleaning import Reasons, count_reasons
from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.clean.reasons import KEPT, PROFILES, Profile, RejectReason
from prepare_dataset.table.arrays import MISSING, Bools
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable
from retailrec_shared.core.errors import Rejected


def refuse_unreadable(raw: RawTable, meaning: Meaning, profile: Profile) -> None:
    """Refuse a file whose dates are ambiguous, or that has a column in which nothing can be read.

    A file in which only some cells cannot be read is good: their rows are rejected one by one.
    """
    if meaning.ambiguous_dates.any():
        row = int(meaning.ambiguous_dates.argmax())
        raise _at(raw, row, Column.INVOICE_DATE, _why_ambiguous(raw, row, meaning))
    _refuse_column(raw, Column.INVOICE_DATE, meaning.seconds.unread, "a date such as 2010-12-31 08:26")
    if RejectReason.INVALID_QUANTITY in PROFILES[profile]:
        _refuse_column(raw, Column.QUANTITY, meaning.quantity.unread, "a number such as 12")
    if RejectReason.INVALID_PRICE in PROFILES[profile] and meaning.price:
        _refuse_column(raw, Column.PRICE, meaning.price.unread, "a number such as 2.55")


def _why_ambiguous(raw: RawTable, row: int, meaning: Meaning) -> str:
    if meaning.contradicting_dates:
        day, month = (text[:80] for text in meaning.contradicting_dates)
        return (
            f"Dates may be read day first or month first, and the file has both: “{day}” and “{month}”; write"
            " dates as 2010-12-31 08:26."
        )
    return (
        f"The date “{_text(raw, row, Column.INVOICE_DATE)}” may be read day first or month first, and the"
        " file does not tell which; write dates as 2010-12-31 08:26."
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
    place = raw.place(row)
    return Rejected(sentence, sheet=place.sheet, row=place.row, column=column)


def _text(raw: RawTable, row: int, column: Column) -> str:
    texts = raw.columns[column]
    return str(texts.values[int(texts.codes[row])])[:80]


# What makes a row no line of an invoice at all; what a shop does not sell, or takes back, is one.
_NO_PURCHASE = PROFILES["tutorial"]


def refuse_without_purchases(reasons: Reasons) -> None:
    """Refuse an increment without any line of a customer's invoice; one of returns alone is a quiet day's."""
    counts = count_reasons(reasons)
    if sum(counts[reason] for reason in _NO_PURCHASE) == len(reasons):
        raise Rejected(
            f"No row can be added to the dataset: {_list(counts)}; give the file customers' invoices."
        )


_IN_WORDS = {
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
    """Refuse a file of which no row was kept, and say what became of the rows."""
    if (reasons == KEPT).any():
        return
    counts = _list(count_reasons(reasons))
    raise Rejected(f"No row is left after cleaning: {counts}; give the file rows of purchases.")


def _list(counts: Mapping[RejectReason, int]) -> str:
    return ", ".join(f"{rows:,} {_IN_WORDS[reason]}" for reason, rows in counts.items() if rows)
