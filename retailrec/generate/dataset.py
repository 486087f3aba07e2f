"""A dataset: its sheets, made batch by batch."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

from retailrec.generate.catalogue import make_catalogue
from retailrec.generate.customers import make_customers
from retailrec.generate.irregularities import add_irregularities
from retailrec.generate.lines import Shop
from retailrec.generate.noise import Noise
from retailrec.generate.plan import make_invoices
from retailrec.generate.rows import make_rows
from retailrec.generate.shape import SHEETS, Shape
from retailrec.generate.table import SCHEMA, to_batch

BATCH_ROWS = 65_536


class Dataset:
    """A seeded dataset; the same shape and seed give the same rows, whatever the batch size."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        noise = Noise(seed)
        catalogue = make_catalogue(shape, noise)
        customers = make_customers(shape, catalogue, noise)
        self.shape = shape
        self._invoices = make_invoices(shape, customers, noise)
        self._shop = Shop(shape, noise, catalogue, customers)

    def _invoices_of(self, sheet: str) -> tuple[int, int]:
        """Return the first of a sheet's invoices and the one after its last."""
        first, second = SHEETS
        day, shape = self._invoices.day, self.shape
        return {
            first: (0, int(np.searchsorted(day, shape.first_sheet_end))),
            second: (int(np.searchsorted(day, shape.second_sheet_day)), len(day)),
        }[sheet]

    def rows_of(self, sheet: str) -> int:
        """Return the number of a sheet's rows."""
        return int(self._invoices.size[slice(*self._invoices_of(sheet))].sum())

    def batches(self, sheet: str, batch_rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Yield a sheet's rows by time, about ``batch_rows`` at once: an invoice is never divided."""
        start, stop = self._invoices_of(sheet)
        first_line = self._invoices.first_line[start:stop]
        batch = (first_line - first_line[0]) // batch_rows
        borders = [0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), stop - start]
        for first, after in pairwise(borders):
            wanted = np.arange(start + first, start + after)
            rows = make_rows(self._shop, self._invoices, wanted)
            add_irregularities(rows, self._invoices, self._shop)
            yield to_batch(self._shop, self._invoices, rows)


def generate(shape: Shape, seed: int = 0) -> dict[str, pa.Table]:
    """Return a whole dataset in memory, a table for each sheet."""
    dataset = Dataset(shape, seed)
    return {sheet: pa.Table.from_batches(dataset.batches(sheet), SCHEMA) for sheet in SHEETS}
