"""The model of the differences between a run's report and the previous run's, and of warnings."""

from enum import StrEnum
from typing import Annotated

from retailrec_shared.contract.open_values import OPEN
from retailrec_shared.contract.report_part import Part, ShopTime


class Change(Part):
    """A count before and now."""

    previous: int
    current: int

    @property
    def growth(self) -> float | None:
        """The relative growth: 0.5 for half as many again; None if the count was 0 before."""
        return self.current / self.previous - 1 if self.previous else None


class ShareChange(Part):
    """A share before and now, from 0 to 1."""

    previous: float
    current: float


class TimeChange(Part):
    """A time before and now, on the shop's own clock."""

    previous: ShopTime
    current: ShopTime


class IdChanges(Part):
    """The ids of this run compared with those of the previous one."""

    unseen: int
    """The number of this run's ids that the previous run did not have."""
    unseen_share: float
    """The same as a share of this run's ids."""
    gone: int
    """The number of the previous run's ids that this run does not have."""


class Difference(Part):
    """A run compared with the previous one: the newest earlier upload that could be prepared."""

    previous_run_id: str
    previous_file: str
    previous_profile: str
    rows_read: Change
    interactions: Change
    customers: Change
    items: Change
    rejected_share: ShareChange
    """Share of the rows read that were rejected."""
    last_timestamp: TimeChange
    item_ids: IdChanges | None
    """None if the previous run's ids could not be read."""
    customer_ids: IdChanges | None


class WarningCode(StrEnum):
    """The kind of a warning; the thresholds are explained in docs/quality-report.md."""

    ROWS_FELL = "rows_fell"
    ROWS_ROSE = "rows_rose"
    INTERACTIONS_FELL = "interactions_fell"
    INTERACTIONS_ROSE = "interactions_rose"
    CUSTOMERS_FELL = "customers_fell"
    CUSTOMERS_ROSE = "customers_rose"
    ITEMS_FELL = "items_fell"
    ITEMS_ROSE = "items_rose"
    UNSEEN_ITEMS = "unseen_items"
    UNSEEN_CUSTOMERS = "unseen_customers"
    REJECTED_SHARE_DOUBLED = "rejected_share_doubled"
    NEW_REASON = "new_reason"
    NEWEST_DATE_OLDER = "newest_date_older"
    PROFILE_CHANGED = "profile_changed"
    DATE_IN_FUTURE = "date_in_future"


class DriftWarning(Part):
    """A warning: a code for programs and a sentence for people. The run continues."""

    code: Annotated[WarningCode, OPEN]
    message: str
