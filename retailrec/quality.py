"""A run's quality report, as far as people are told of it in brief."""

from datetime import datetime

from pydantic import BaseModel
from rich.console import RenderableType

from retailrec.screen import count, table, titled
from retailrec.stack import Stack
from retailrec_shared import names


class Sheet(BaseModel):
    """A sheet of the file, or the one part of a format without sheets."""

    name: str | None = None
    rows: int


class Quality(BaseModel):
    """What became of the rows of a file."""

    source_format: str
    profile: str
    split: str
    sheets: list[Sheet]
    rows_read: int
    rows_without_customer: int
    rejected: dict[str, int]
    interactions: int
    customers: int
    items: int
    train_rows: int
    test_rows: int
    first_timestamp: datetime
    last_timestamp: datetime


def read_quality(stack: Stack, run_id: str) -> Quality:
    """Read the quality report that a run left in the data bucket."""
    key = names.run_key(run_id, names.QUALITY_REPORT_JSON)
    answer = stack.s3().get_object(Bucket=stack.output("DataBucket"), Key=key)
    return Quality.model_validate_json(answer["Body"].read())


def quality_table(quality: Quality) -> RenderableType:
    """Account for every row read: kept, or rejected for one reason."""
    period = f"{quality.first_timestamp:%d %b %Y} to {quality.last_timestamp:%d %b %Y}"
    shown = table("", ">rows")
    shown.add_row(f"read from {_sheets(quality)}", count(quality.rows_read))
    for reason, rows in sorted(quality.rejected.items(), key=lambda rejected: -rejected[1]):
        if rows:
            shown.add_row(f"  rejected: {reason.replace('_', ' ')}", f"-{count(rows)}")
    shown.add_row("kept as interactions", count(quality.interactions), style="bold")
    shown.add_row(f"  of {count(quality.customers)} customers and {count(quality.items)} items", "")
    shown.add_row(f"  to train on ({quality.split} split)", count(quality.train_rows))
    shown.add_row("  held out", count(quality.test_rows))
    return titled(
        f"Quality of the data ({quality.source_format}, cleaning profile {quality.profile})",
        shown,
        f"{period}; {count(quality.rows_without_customer)} rows name no customer",
    )


def _sheets(quality: Quality) -> str:
    return f"{len(quality.sheets)} sheets" if len(quality.sheets) > 1 else "the file"
