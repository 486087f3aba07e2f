"""The rejection rules: which rows are kept, and for which one reason each other row is rejected."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from prepare_dataset.clean.parsing import ParsedTable
from prepare_dataset.clean.reasons import KEPT, ORDER, PROFILES
from prepare_dataset.table.arrays import MISSING, Bools, Coded
from prepare_dataset.table.arrow import pc
from prepare_dataset.table.values import is_unusable_id
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core.settings import Profile

Reasons = npt.NDArray[np.uint8]

# Codes of the UCI file that are no products, in upper or lower case. Its products have five digits with up
# to two letters, or DCGS… if they were sold through another shop.
_NON_PRODUCT = (
    r"(?i)^(POST|DOT|M|C2|C3|D|S|B|BANK CHARGES|AMAZONFEE|CRUK|PADS|SP1002|ADJUST\d*|TEST\d*|GIFT(_.*)?)$"
)


def is_cancellation(invoices: Coded) -> Bools:
    """Mark the rows whose invoice starts with C."""
    return invoices.where(pc.match_substring_regex(invoices.values, "^[Cc]"))


def is_non_product(items: Coded) -> Bools:
    """Mark the rows whose item is a service, a fee or a test."""
    return items.where(pc.match_substring_regex(items.values, _NON_PRODUCT))


def _is_unusable(ids: Coded) -> Bools:
    return ids.where(is_unusable_id(ids.values))


def _price_is_invalid(rows: ParsedTable) -> Bools:
    return rows.price.where(rows.price.invalid) if rows.price else np.zeros(len(rows), dtype=bool)


def _price_is_non_positive(rows: ParsedTable) -> Bools:
    return rows.price.where(rows.price.table <= 0) if rows.price else np.zeros(len(rows), dtype=bool)


# Each rule depends on the row alone, except DUPLICATE, which compares it with all rows before it.
_RULES: Mapping[RejectReason, Callable[[ParsedTable], Bools]] = {
    RejectReason.MALFORMED_ROW: lambda rows: rows.malformed != MISSING,
    RejectReason.MISSING_CUSTOMER: lambda rows: rows.customer.codes == MISSING,
    RejectReason.MISSING_ITEM: lambda rows: rows.item.codes == MISSING,
    RejectReason.INVALID_ID: lambda rows: (
        _is_unusable(rows.customer) | _is_unusable(rows.item) | _is_unusable(rows.invoice)
    ),
    RejectReason.INVALID_DATE: lambda rows: rows.seconds.where(rows.seconds.invalid),
    RejectReason.CANCELLATION: lambda rows: is_cancellation(rows.invoice),
    RejectReason.INVALID_QUANTITY: lambda rows: rows.quantity.where(rows.quantity.invalid),
    RejectReason.NON_POSITIVE_QUANTITY: lambda rows: rows.quantity.where(rows.quantity.table <= 0),
    RejectReason.INVALID_PRICE: _price_is_invalid,
    RejectReason.NON_POSITIVE_PRICE: _price_is_non_positive,
    RejectReason.NON_PRODUCT: lambda rows: is_non_product(rows.item),
    RejectReason.DUPLICATE: lambda rows: rows.first_equal != np.arange(len(rows)),
}


def classify(parsed: ParsedTable, profile: Profile) -> Reasons:
    """Return for each row (n,) the code of the first reason that fits, ``KEPT`` if none does."""
    reasons = np.full(len(parsed), KEPT, dtype=np.uint8)
    for code, reason in enumerate(ORDER, start=1):
        if reason in PROFILES[profile]:
            reasons[(reasons == KEPT) & _RULES[reason](parsed)] = code
    return reasons


def count_reasons(reasons: Reasons) -> dict[RejectReason, int]:
    """Count the rejected rows by reason; every reason has a count."""
    counts = np.bincount(reasons, minlength=len(ORDER) + 1).tolist()
    return dict(zip(ORDER, counts[1:], strict=True))
