"""Runs for the terminal: the list, and one run in full."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from retailrec.views.metrics import PRECISION, metrics_table
from retailrec.views.quality import warning_lines
from retailrec.views.screen import command, count, local_time, seconds, table, titled
from retailrec.views.stage_screen import draw_stages
from retailrec.views.stages import seconds_taken
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run

SHORT_ID = 8
SHORT_TIME = "%d %b %H:%M"
STYLES = {
    RunStatus.LIVE: "bold green",
    RunStatus.COLLECTED: "green",
    RunStatus.SUPERSEDED: "dim",
    RunStatus.REJECTED: "red",
    RunStatus.MODEL_REJECTED: "red",
    RunStatus.FAILED: "red",
}


def run_json(run: Run) -> dict[str, Any]:
    """Return a run as JSON: the ledger's entry, with seconds."""
    stages = {
        stage.value: record.model_dump() | {"seconds": record.seconds} for stage, record in run.stages.items()
    }
    return run.attributes() | {"stages": stages, "seconds": seconds_taken(run)}


def runs_table(runs: Iterable[Run], width: int) -> RenderableType:
    """List runs, and below them the reasons of those that ended badly; a narrow screen has fewer columns."""
    headers = [header for header in COLUMNS if width >= WIDE or header not in ONLY_WIDE]
    listed, reasons = table(*headers), table("run", "reason")
    for column in listed.columns:
        column.no_wrap = column.header != "file"  # long texts wrap in this column
        column.overflow = "fold"
    for run in runs:
        listed.add_row(*(COLUMNS[header](run) for header in headers))
        if run.outcome.reason:
            reasons.add_row(run.run_id[:SHORT_ID], run.outcome.reason)
    return Group(listed, "", reasons) if reasons.rows else listed


def _metric(run: Run, name: str) -> str:
    return f"{run.metrics[name]:.4f}" if name in run.metrics else ""


COLUMNS: Mapping[str, Callable[[Run], RenderableType]] = {
    "run": lambda run: run.run_id[:SHORT_ID],
    "file": lambda run: f"{run.upload.key} (retrained)" if run.dataset.retrains else run.upload.key,
    "status": lambda run: Text(run.status.value, STYLES.get(run.status, "cyan")),
    "uploaded": lambda run: local_time(run.upload.uploaded_at, SHORT_TIME),
    ">interactions": lambda run: count(run.counts.get("interactions")),
    ">p@10": lambda run: _metric(run, PRECISION),
    ">popularity": lambda run: _metric(run, f"{PRECISION}_popularity"),
    ">took": lambda run: seconds(seconds_taken(run)),
}
ONLY_WIDE = frozenset({"uploaded", ">took"})
WIDE = 96


def run_details(run: Run, quality: QualityReport | None = None, page: str | None = None) -> RenderableType:
    """Show everything that is known of a run; ``page`` is the path of its quality report."""
    facts = _facts(run)
    if quality and page:
        facts.add_row("report", Text(page, overflow="fold"))
        facts.add_row("", f"open it: {command()} report {run.run_id[:SHORT_ID]}")
    parts: list[RenderableType] = [facts, "", draw_stages(run, datetime.now(UTC))]
    if quality and quality.warnings:
        parts += ["", warning_lines(quality)]
    if run.counts:
        parts += ["", counts_table(run.counts)]
    if run.metrics:
        parts += ["", metrics_table(run.metrics, run)]
    return Group(*parts)


def _facts(run: Run) -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold")
    facts.add_row("run", run.run_id)
    facts.add_row("file", f"{run.upload.key}  ({count(run.upload.size)} bytes)")
    facts.add_row("uploaded", local_time(run.upload.uploaded_at))
    if run.dataset.retrains:
        facts.add_row("retrains", f"the dataset as of run {run.dataset.retrains}")
    elif run.dataset.added_to:
        facts.add_row("added to", f"the dataset of run {run.dataset.added_to}")
    facts.add_row("status", Text(run.status.value, STYLES.get(run.status, "cyan")))
    if taken := seconds(seconds_taken(run)):
        facts.add_row("took", taken)
    if run.outcome.reason:
        facts.add_row("reason", run.outcome.reason)
    if run.gate.caution:
        facts.add_row("caution", Text(run.gate.caution, "yellow"))
    if run.outcome.next_step:
        facts.add_row("next step", run.outcome.next_step)
    if run.tuning.source_run:
        facts.add_row("data of", f"run {run.tuning.source_run}, tuned on by hand")
    if run.tuning.found:
        facts.add_row(
            "found", ", ".join(f"{name} {value}" for name, value in sorted(run.tuning.found.items()))
        )
        facts.add_row("best job", run.tuning.best_job or "")
    settings = ", ".join(
        f"{name} {value}" for name, value in run.configuration.items() if name != "algorithm"
    )
    facts.add_row("settings", settings)
    for number, sentence in enumerate(run.not_available):
        facts.add_row("" if number else "does without", sentence)
    return facts


def counts_table(counts: dict[str, int]) -> RenderableType:
    """List a run's counts, the rejected rows by reason below them."""
    listed = table("", ">count")
    for name, number in counts.items():
        label = name.replace("rejected_", "rejected: ", 1).replace("_", " ")
        listed.add_row(label, count(number))
    return titled("Data", listed)
