"""A run's quality report as text and tables in the terminal."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError
from rich.console import Group, RenderableType
from rich.text import Text

from retailrec.client.stack import Stack
from retailrec.views.screen import count, table, titled
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import aws, names
from retailrec_shared.ledger.run import Run

Found = TypeVar("Found")


def read_quality(stack: Stack, run_id: str) -> QualityReport:
    """Read the quality report that a run left in the data bucket."""
    return QualityReport.model_validate_json(_read(stack, run_id, names.QUALITY_REPORT_JSON))


def find_quality(stack: Stack, run: Run) -> QualityReport | None:
    """Read the quality report of a run that may have left none, or none that the reader may see."""
    return _unless({"NoSuchKey", "AccessDenied"}, lambda: read_quality(stack, run.run_id))


def read_page(stack: Stack, run: Run) -> bytes | None:
    """Read the quality report as a page; None for a run that left none."""
    return _unless({"NoSuchKey"}, lambda: _read(stack, run.run_id, names.QUALITY_REPORT_HTML))


def page_address(stack: Stack, run: Run) -> str:
    """Return the S3 address of the page."""
    return f"s3://{stack.output('DataBucket')}/{names.run_key(run.run_id, names.QUALITY_REPORT_HTML)}"


def _read(stack: Stack, run_id: str, relative: str) -> bytes:
    key = names.run_key(run_id, relative)
    return stack.s3().get_object(Bucket=stack.output("DataBucket"), Key=key)["Body"].read()


def _unless(codes: set[str], read: Callable[[], Found]) -> Found | None:
    try:
        return read()
    except ClientError as error:
        if aws.error_code(error) not in codes:
            raise
        return None


def warning_lines(quality: QualityReport) -> RenderableType:
    """List the warnings of a report."""
    lines = [Text(f"  {warning.message}", "yellow") for warning in quality.warnings]
    return Group(Text("Look before you trust this run", "bold yellow"), *lines)


def quality_table(quality: QualityReport) -> RenderableType:
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


def _sheets(quality: QualityReport) -> str:
    return f"{len(quality.sheets)} sheets" if len(quality.sheets) > 1 else "the file"
