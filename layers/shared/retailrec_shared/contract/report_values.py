"""The fixed values that a quality report uses: the file's format, and why rows are rejected."""

from enum import StrEnum


class Format(StrEnum):
    """The formats that `prepare_dataset` can read."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    CSV_GZ = "csv.gz"
    PARQUET = "parquet"
    ZIP = "zip"
    """A zip archive of one file. The report names the format of that file instead."""


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
