"""The shape of a generated dataset: sizes, and shares of irregularities."""

import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

START = datetime.date(2009, 12, 1)
SHEETS = ("Year 2009-2010", "Year 2010-2011")
HOME_COUNTRY = "United Kingdom"
SHARE_HOME_OF_ANONYMOUS = 0.98
# Customers whom the demo shows; they are in every dataset.
DEMO_CUSTOMERS = (13085, 17519)
FIRST_CUSTOMER = 12346

REAL_ROWS, REAL_CUSTOMERS, REAL_ITEMS = 1_067_371, 5_942, 5_305
REAL_DAYS, REAL_SECOND_SHEET_DAY = 739, 365


class Shape(BaseModel):
    """Sizes and shares of a dataset; shares are of all its rows, and the defaults are the real file's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(ge=1_000)
    customers: int = Field(ge=2, le=87_000)  # ids have five digits
    items: int = Field(ge=40, le=60_000)
    days: int = Field(default=REAL_DAYS, ge=60, le=3_650)
    overlap_days: int = Field(default=9, ge=0, le=30)  # at the start of the second sheet, in both sheets
    lines_per_invoice: float = Field(default=20, ge=2)
    share_without_customer: float = Field(default=0.2277, ge=0, le=0.8)
    share_cancellations: float = Field(default=0.0183, ge=0, le=0.2)
    share_adjustments: float = Field(default=0.0057, ge=0, le=0.1)  # stock corrections: no customer, no price
    share_non_product: float = Field(default=0.0057, ge=0, le=0.1)
    share_repeated_lines: float = Field(default=0.011, ge=0, le=0.2)  # besides the sheets' overlap
    share_home_country: float = Field(default=0.92, ge=0, le=1)

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.share_adjustments + self.share_cancellations / 20 > self.share_without_customer:
            raise ValueError("adjustments have no customer: share_without_customer must be larger")
        if self.rows_of_customers < 3 * self.customers + 200:
            raise ValueError("too few rows for so many customers: each needs three, and the demo's need 200")
        return self

    @property
    def rows_of_customers(self) -> int:
        """Rows that customers leave to purchases, roughly: the sheets' overlap is counted in."""
        return int(self.rows * (1 - self.share_without_customer - self.share_cancellations))

    @property
    def share_home_of_customers(self) -> float:
        """Share of known customers' rows that are from home, so that all rows have theirs."""
        anonymous = self.share_without_customer
        return max(0.0, (self.share_home_country - SHARE_HOME_OF_ANONYMOUS * anonymous) / (1 - anonymous))

    @property
    def second_sheet_day(self) -> int:
        """First day of the second sheet, counted from the first day of the dataset."""
        return round(self.days * REAL_SECOND_SHEET_DAY / REAL_DAYS)

    @property
    def first_sheet_end(self) -> int:
        """First day that the first sheet no longer holds."""
        return self.second_sheet_day + self.overlap_days

    @classmethod
    def online_retail(cls) -> Self:
        """Return the shape of Online Retail II: sizes, shares, period and sheets."""
        return cls(rows=REAL_ROWS, customers=REAL_CUSTOMERS, items=REAL_ITEMS)

    @classmethod
    def small(cls) -> Self:
        """Return a shape for tests: made in a moment, and still worth learning."""
        return cls(rows=8_000, customers=200, items=150, lines_per_invoice=8)

    @classmethod
    def of_rows(cls, rows: int) -> Self:
        """Return a shape of exactly ``rows`` rows, with customers and items that fit their number.

        Both grow more slowly than rows: a bigger shop sells more to each customer, too.
        """
        growth = (rows / REAL_ROWS) ** 0.7
        customers = min(max(2, round(REAL_CUSTOMERS * growth)), 87_000)
        items = min(max(40, round(REAL_ITEMS * growth)), 60_000)
        return cls(rows=rows, customers=customers, items=items, lines_per_invoice=min(20, 6 + rows / 20_000))
