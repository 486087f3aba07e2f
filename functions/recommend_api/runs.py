"""Responses about runs, and the model that serves."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError

from recommend_api.budget import Budget
from recommend_api.live import fresh_budget, live
from retailrec_shared.contract.api_responses import Model, Runs, RunView, StageView
from retailrec_shared.core.observability import logger
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run

T = TypeVar("T")
SECONDS = 6.0  # there is no other source of runs


def model_now() -> Model:
    """Describe the model that serves; raises ServiceError 503 while none does."""
    run = live(fresh_budget())
    age = datetime.now(UTC) - datetime.fromisoformat(run.status_at)
    return Model(
        run_id=run.run_id,
        live_since=run.status_at,
        age_seconds=round(age.total_seconds(), 1),
        algorithm=run.configuration.get("algorithm"),
        file=run.upload.key,
        uploaded_at=run.upload.uploaded_at,
        metrics=run.metrics,
        counts=run.counts,
    )


def newest_runs(limit: int) -> Runs:
    """List the newest runs."""
    budget = Budget(SECONDS)
    live_id = _read_or_raise(lambda: ledger().pointer("live"), budget)
    runs = _read_or_raise(lambda: list(ledger().runs(limit)), budget)
    return Runs(live=live_id, runs=[_view(run, live_id) for run in runs])


def run_of(run_id: str) -> RunView:
    """Return a run; raises NotFoundError for an unknown one."""
    budget = Budget(SECONDS)
    run = _read_or_raise(lambda: ledger().get(run_id), budget)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return _view(run, _read_or_raise(lambda: ledger().pointer("live"), budget))


def _read_or_raise(read: Callable[[], T], budget: Budget) -> T:
    try:
        return budget.wait(read, budget.left)
    except Exception as error:
        logger.warning("ledger did not respond", error=type(error).__name__)
        raise ServiceError(503, "The ledger does not respond in time; try again.") from error


def _view(run: Run, live_id: str | None) -> RunView:
    return RunView(
        run_id=run.run_id,
        status=run.status.value,
        status_at=run.status_at,
        live=run.run_id == live_id,
        file=run.upload.key,
        bytes=run.upload.size,
        uploaded_at=run.upload.uploaded_at,
        algorithm=run.configuration.get("algorithm"),
        configuration=run.configuration,
        stages={
            stage.value: StageView(**record.model_dump(), seconds=record.seconds)
            for stage, record in run.stages.items()
        },
        counts=run.counts,
        metrics=run.metrics,
        reason=run.outcome.reason,
        next_step=run.outcome.next_step,
        failed_stage=run.outcome.failed_stage and run.outcome.failed_stage.value,
        replaced=run.rollout.replaced,
        not_available=run.not_available,
    )
