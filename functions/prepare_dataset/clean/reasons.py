"""Why a row may be rejected, and which reasons each cleaning profile has."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

Profile = Literal["retail", "tutorial"]


class RejectReason(StrEnum):
    """Why a row was rejected; a row has the first reason, in this order, that fits."""

    MALFORMED_ROW = "malformed_row"
    """A csv line with too many or too few cells."""
    MISSING_CUSTOMER = "missing_customer"
    """No customer, or a text for a missing one, such as "null"."""
    MISSING_ITEM = "missing_item"
    """No item, or a text for a missing one."""
    INVALID_ID = "invalid_id"
    """A customer, item or invoice of over 256 characters, or with a line break, tab or NUL inside."""
    INVALID_DATE = "invalid_date"
    """No date, an unreadable one, or a year outside 1970 to 2099."""
    CANCELLATION = "cancellation"
    """An invoice whose number starts with C."""
    INVALID_QUANTITY = "invalid_quantity"
    """No number, or an unreadable or infinite one, or one beyond a billion."""
    NON_POSITIVE_QUANTITY = "non_positive_quantity"
    """Zero pieces or less."""
    INVALID_PRICE = "invalid_price"
    """No number, or an unreadable or infinite one, or one beyond a billion."""
    NON_POSITIVE_PRICE = "non_positive_price"
    """A price of zero or less."""
    NON_PRODUCT = "non_product"
    """Postage, fees, discounts, adjustments, samples, tests, gift vouchers."""
    DUPLICATE = "duplicate"
    """The same in all columns as an earlier row, which is kept."""


# A reason's code is its place here, from 1; 0 is a row that was kept.
ORDER = tuple(RejectReason)
KEPT = 0

PROFILES: Mapping[Profile, frozenset[RejectReason]] = {
    # The published tutorial's own rule, and rows that cannot be an interaction.
    "tutorial": frozenset(
        {
            RejectReason.MALFORMED_ROW,
            RejectReason.MISSING_CUSTOMER,
            RejectReason.MISSING_ITEM,
            RejectReason.INVALID_ID,
            RejectReason.INVALID_DATE,
        }
    ),
    "retail": frozenset(ORDER),
}
