"""Runs whose trainings were measured."""

from typing import Any

from retailrec.metrics.epochs import Line, read_progress
from retailrec.metrics.measured import Measured
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run_parts import Upload
from tests.environment import CONFIGURATION
from tests.unit.command.runs import make_run

CURVE = {1: (0.10, 0.60), 2: (0.16, 0.70), 4: (0.21, 0.78)}
METRICS = {
    "p@k(10)": 0.20, "p@k(10)_se": 0.01, "p@k(10)_popularity": 0.08, "p@k(10)_own_items": 0.15,
    "p@k(10)_new_items": 0.11, "p@k(10)_popularity_new_items": 0.05, "p@k(10)_in_sample": 0.65,
    "ndcg@20": 0.31, "ndcg@20_popularity": 0.12, "users_evaluated": 90.0,
}  # fmt: skip


def log_of(curve: dict[int, tuple[float, float]]) -> list[str]:
    """Write the lines that our image logs."""
    return [
        text
        for epoch, (precision, auc) in curve.items()
        for text in (
            f"epoch {epoch}/4 in 0.1 seconds",
            f"metric: train_auc = {auc}",
            f"metric: epoch_p@k(10) = {precision}",
        )
    ]


def make_measured(
    run_id: str = "0123456789abcdef",
    curve: dict[int, tuple[float, float]] = CURVE,
    metrics: dict[str, float] = METRICS,
    key: str = "sales.csv",
    day: int = 2,
    **fields: Any,
) -> Measured:
    """Make a run that was trained, of a file uploaded on a day of January."""
    upload = Upload(bucket="raw", key=key, etag="e", size=1, uploaded_at=f"2026-01-{day:02d}T03:04:00.000Z")
    fields = {"configuration": CONFIGURATION} | fields
    run = make_run(run_id, fields.pop("status", RunStatus.LIVE), upload=upload, **fields)
    lines = [Line(number, text) for number, text in enumerate(log_of(curve))]
    return Measured(run, metrics, read_progress(lines))
