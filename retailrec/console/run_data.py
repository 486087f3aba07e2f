"""Runs as JSON for the page: pure functions of the ledger's entries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from retailrec.views.metrics import PRECISION, ROWS
from retailrec.views.stages import seconds_taken, view_stages
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core.status import ENDED, UNSUCCESSFUL, RunStatus
from retailrec_shared.ledger.run import Run

Json = dict[str, Any]
REJECTED = "rejected_"
LOOK_AT_LOG = "Read the functions' log: run `retailrec logs`."


def run_row(run: Run, live: str | None) -> Json:
    """Return what a list of runs shows of one; ``live`` is the id of the run that serves."""
    return {
        "run_id": run.run_id,
        "file": run.upload.key,
        "size": run.upload.size,
        "uploaded_at": run.upload.uploaded_at,
        "status": run.status.value,
        "bad": run.status in UNSUCCESSFUL,
        "ended": run.status in ENDED,
        "live": run.run_id == live,
        "interactions": run.counts.get("interactions"),
        "precision": run.metrics.get(PRECISION),
        "popularity": run.metrics.get(f"{PRECISION}_popularity"),
        "seconds": seconds_taken(run),
    }


def run_page(run: Run, live: str | None, quality: QualityReport | None, now: datetime) -> Json:
    """Return all that is known of a run."""
    return run_row(run, live) | {
        "now": now.isoformat(),
        "stages": _stages(run, now),
        "reason": run.outcome.reason,
        "next_step": _next_step(run),
        "failed_stage": run.outcome.failed_stage,
        "replaced": run.rollout.replaced,
        "attempts": run.lease.acquired,
        "counts": {name: number for name, number in run.counts.items() if not name.startswith(REJECTED)},
        "rejected": _rejected(run, quality),
        "warnings": _warnings(run, quality),
        "report": quality is not None,
        "metrics": run.metrics,
        "comparison": comparison(run.metrics),
        "settings": run.configuration,
    }


def _warnings(run: Run, quality: QualityReport | None) -> list[str]:
    of_file = [warning.message for warning in quality.warnings] if quality else []
    return [*of_file, run.gate.caution] if run.gate.caution else of_file


def metric_row(run: Run) -> Json:
    """Return what the charts over runs need of one."""
    row = run_row(run, None)
    kept = ("run_id", "file", "uploaded_at", "status")
    return {name: row[name] for name in kept} | {"metrics": run.metrics}


def comparison(metrics: Mapping[str, float]) -> list[Json]:
    """Pair each precision with its baselines, held out and in sample separately."""
    return [
        {
            "label": label,
            "model": metrics.get(model),
            "popularity": metrics.get(popularity) if popularity else None,
            "own_items": metrics.get(own) if own else None,
        }
        for label, model, popularity, own in ROWS
        if model in metrics
    ]


def _stages(run: Run, now: datetime) -> list[Json]:
    uploaded = datetime.fromisoformat(run.upload.uploaded_at)
    return [
        {
            "stage": view.stage.value,
            "state": view.state.value,
            "seconds": view.seconds,
            "note": view.note,
            "starts": _offset(run.stages[view.stage].started_at, uploaded),
            "ends": _offset(run.stages[view.stage].ended_at, uploaded),
        }
        for view in view_stages(run, now)
    ]


def _offset(timestamp: str | None, origin: datetime) -> float | None:
    """Seconds from the upload; S3's clock may be ahead of the ledger's."""
    return max(0.0, (datetime.fromisoformat(timestamp) - origin).total_seconds()) if timestamp else None


def _next_step(run: Run) -> str | None:
    return run.outcome.next_step or (LOOK_AT_LOG if run.status is RunStatus.FAILED else None)


def _rejected(run: Run, quality: QualityReport | None) -> list[Json]:
    """List the reasons for rejected rows, the most frequent first."""
    of_ledger = {
        name.removeprefix(REJECTED): rows for name, rows in run.counts.items() if name.startswith(REJECTED)
    }
    found = quality.rejected if quality else of_ledger
    return [
        {"reason": reason, "rows": rows}
        for reason, rows in sorted(found.items(), key=lambda e: -e[1])
        if rows
    ]
