"""The model of the quality report: how many rows were read, kept and rejected."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from retailrec_shared.contract.open_values import OPEN
from retailrec_shared.contract.report_changes import Difference, DriftWarning
from retailrec_shared.contract.report_charts import ChartData
from retailrec_shared.contract.report_part import Part, ShopTime
from retailrec_shared.contract.report_values import Format, RejectReason
from retailrec_shared.core.settings import Profile, SplitRule


class SheetRows(Part):
    """A sheet of the file; other formats have one sheet without a name."""

    name: str | None
    rows: int


class Facts(Part):
    """The raw file, counted before any cleaning; each count is of all rows unless stated otherwise."""

    customers: int
    items: int
    """Distinct stock codes as written: outer spaces make a difference here, and only here."""
    items_with_customer: int
    rows_with_customer: int
    cancellations: int
    non_positive_quantity: int
    non_positive_price: int
    unreadable_dates: int
    """Cells with a text that is no date, or with a date outside 1970 to 2099."""
    unreadable_quantities: int
    unreadable_prices: int
    exact_duplicates: int
    """Rows that equal an earlier row in every column."""
    overlap_rows: int
    """Rows of a sheet that an earlier sheet has, too."""


class IncrementRows(Part):
    """The row counts of a file that was added to an earlier dataset; each row counts once."""

    sheets: list[SheetRows]
    rows_read: int
    rows_repeated: int
    """Lines of invoices that the dataset had already, since exports overlap."""
    rows_kept: int
    rejected: dict[Annotated[RejectReason, OPEN], int]
    """Of the rows that the dataset did not have."""
    customers: int
    items: int
    new_customers: int
    """Customers of whom the dataset had no purchase."""
    new_items: int
    first_timestamp: ShopTime | None
    """None if no row was kept."""
    last_timestamp: ShopTime | None

    @model_validator(mode="after")
    def _every_row_counts_once(self) -> Self:
        if self.rows_repeated + self.rows_kept + sum(self.rejected.values()) != self.rows_read:
            raise ValueError("repeated, kept and rejected rows are not the rows read")
        return self


class QualityReport(Part):
    """The row counts of a dataset; each row counts once. Times are on the shop's own clock."""

    schema_version: Literal[1] = 1
    """Within a version fields are only added, and no field changes its meaning."""
    run_id: str | None = None
    file: str | None = None
    """Key of the uploaded object."""
    uploaded_at: datetime | None = None
    """By the clock of S3, in UTC."""
    source_format: Annotated[Format, OPEN]
    profile: Profile
    split: SplitRule
    sheets: list[SheetRows]
    rows_read: int
    rows_without_customer: int
    rows_kept: int
    rejected: dict[Annotated[RejectReason, OPEN], int]
    interactions: int
    """Same as ``rows_kept``: the name that recommenders use."""
    customers: int
    items: int
    train_rows: int
    test_rows: int
    first_timestamp: ShopTime
    last_timestamp: ShopTime
    cut_time: ShopTime | None
    """With the temporal split, the time of the first test row."""
    facts: Facts
    increment: IncrementRows | None = None
    """The counts of the file itself, if it was added to an earlier dataset; all others are of the whole."""
    pictures: ChartData | None = None
    """None in reports of early releases."""
    difference: Difference | None = None
    """None for the first run, and if the previous run's report could not be read."""
    warnings: list[DriftWarning] = Field(default_factory=list)

    @property
    def rejected_share(self) -> float:
        """Share of the rows read that were rejected."""
        return round(1 - self.rows_kept / self.rows_read, 6) if self.rows_read else 0.0

    @model_validator(mode="after")
    def _every_row_counts_once(self) -> Self:
        if self.rows_kept + sum(self.rejected.values()) != self.rows_read:
            raise ValueError("kept and rejected rows are not the rows read")
        if self.train_rows + self.test_rows != self.rows_kept or self.interactions != self.rows_kept:
            raise ValueError("training and test rows are not the rows kept")
        if sum(sheet.rows for sheet in self.sheets) != self.rows_read:
            raise ValueError("the sheets' rows are not the rows read")
        return self
