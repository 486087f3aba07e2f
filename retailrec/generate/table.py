"""Turns rows into Arrow batches with the columns of the data contract."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from retailrec.generate.customers import countries
from retailrec.generate.invoices import CANCELLATION, NOBODY, Invoices
from retailrec.generate.lines import Shop
from retailrec.generate.noise import Floats, Ints
from retailrec.generate.rows import NO_NAME, Rows
from retailrec.generate.shape import SHARE_HOME_OF_ANONYMOUS, START
from retailrec.generate.text import Column, joined

FIRST_INVOICE = 489_434
MIDNIGHT = np.datetime64(START, "m")  # of the first day
COLUMNS: dict[str, pa.DataType] = {
    "Invoice": pa.string(),
    "StockCode": pa.string(),
    "Description": pa.string(),
    "Quantity": pa.int64(),
    "InvoiceDate": pa.timestamp("ms"),
    "Price": pa.float64(),
    "Customer ID": pa.float64(),  # as spreadsheets give it: a number, sometimes missing
    "Country": pa.string(),
}
SCHEMA = pa.schema(COLUMNS)


def _nullable(values: Ints | Floats, missing: NDArray[np.bool_]) -> Column:
    column: Column = pa.array(values, mask=missing)
    return column


def _country(shop: Shop, invoice: Ints, customer: Ints) -> Ints:
    """Return countries: the customer's own, and mostly home where nobody is known."""
    chance = shop.noise.uniform("country", invoice)
    abroad = 1 + (shop.noise.uniform("which country", invoice) * (len(countries()) - 1)).astype(np.int64)
    anonymous = np.where(chance < SHARE_HOME_OF_ANONYMOUS, 0, abroad)
    return np.where(customer == NOBODY, anonymous, shop.customers.country[customer])


def to_batch(shop: Shop, invoices: Invoices, rows: Rows) -> pa.RecordBatch:
    """Return rows as a batch of ``SCHEMA``."""
    customer = invoices.customer[rows.invoice].astype(np.int64)
    cancelled = (invoices.kind[rows.invoice] == CANCELLATION).astype(np.int64)
    number: Column = pa.array(FIRST_INVOICE + rows.invoice).cast(pa.string())
    time = MIDNIGHT + invoices.minute[rows.invoice]
    columns: list[Column] = [
        joined(pa.array(["", "C"]).take(cancelled), number),
        shop.catalogue.codes.take(rows.item),
        shop.catalogue.names.take(_nullable(rows.name, rows.name == NO_NAME)),
        pa.array(rows.quantity),
        pa.array(time.astype("datetime64[ms]")),
        pa.array(rows.price),
        _nullable(shop.customers.ids[customer].astype(np.float64), customer == NOBODY),
        countries().take(_country(shop, rows.invoice, customer)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
