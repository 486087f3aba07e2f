"""Retires runs: deletes their models and endpoint configs from SageMaker.

The functions created them, so deleting the stack would not delete them. Artifacts and
outputs stay in the data bucket. The newest ``retained_runs`` runs that served are kept.
"""

from datetime import datetime, timedelta
from functools import partial

from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import LIVE_OR_SUPERSEDED, RETIRABLE, RunStatus, Stage, stages_needed
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import deployment

# A function that read the run before it ended may still be creating its model or endpoint config: longer
# than the timeout of each such function.
RETIREMENT_GRACE = timedelta(minutes=2)


def retirable(runs: list[Run], retained: int, needed: frozenset[Stage]) -> list[Run]:
    """Choose the runs to retire from all runs, newest first.

    The newest ``retained`` superseded runs that served are kept for a roll-back; one that
    never served, or that failed after its model was created, cannot serve again.
    """
    over = [
        run
        for run in runs
        if run.status in RETIRABLE and not run.cleanup.resources_deleted and run.started(Stage.APPROVE)
    ]
    served = [
        run
        for run in over
        if run.status is RunStatus.SUPERSEDED and all(run.ended(stage) for stage in needed)
    ]
    kept = {run.run_id for run in served[:retained]}
    return [run for run in over if run.run_id not in kept]


def retire_old_runs(moment: datetime) -> None:
    """Delete the models and endpoint configs of runs that no longer serve, some time after they ended."""
    needed = stages_needed(settings().endpoint_mode)
    for run in retirable(list(ledger().runs()), settings().retained_runs, needed):
        if moment - datetime.fromisoformat(run.status_at) < RETIREMENT_GRACE:
            continue
        state = deployment.describe()
        serves = state is not None and (state.busy or state.run_id == run.run_id)
        if serves or run.run_id == ledger().pointer("live"):
            continue  # SageMaker deletes a config that is in use without an error
        # Marked before anything is deleted, so that no operator can make it live meanwhile.
        claimed = run if run.cleanup.retired else ledger().update(run, run.status, retired=True)
        if claimed is None:
            continue
        if _delete_attempts(run, range(1, claimed.attempt(Stage.APPROVE) + 1)):
            ledger().update(claimed, claimed.status, removed=True)
            logger.info("run retired", run_id=run.run_id)


def delete_earlier_attempts(moment: datetime) -> None:
    """Delete the resources of earlier attempts of runs that serve or may serve again."""
    for run in ledger().runs():
        attempt = run.attempt(Stage.APPROVE)
        stays = run.status in LIVE_OR_SUPERSEDED and not run.cleanup.retired
        if (
            not stays
            or attempt <= run.cleanup.first_attempt_kept
            or moment - datetime.fromisoformat(run.status_at) < RETIREMENT_GRACE
        ):
            continue
        earlier = range(1, attempt)
        state = deployment.describe()
        if state and (state.busy or any(state.config in _names(run, each) for each in earlier)):
            continue
        if _delete_attempts(run, earlier):
            ledger().update(run, run.status, tidied=attempt)


def _name(run: Run, attempt: int) -> str:
    return names.resource_name(settings().resource_prefix, run.run_id, attempt)


def _names(run: Run, attempt: int) -> list[str]:
    """Name the models and endpoint configs of an attempt, of either kind of endpoint."""
    if run.of_marketplace:
        return [_name(run, attempt)]
    return [
        _name(run, attempt),
        names.serverless_name(settings().resource_prefix, run.run_id, attempt),
    ]


def _delete_attempts(run: Run, attempts: range) -> bool:
    """Delete the resources of attempts at a run's model; False while one cannot be deleted yet."""
    client, gone = aws.sagemaker(), True
    for attempt in attempts:
        for name in _names(run, attempt):
            aws.delete_if_there(partial(client.delete_endpoint_config, EndpointConfigName=name))
            aws.delete_if_there(partial(client.delete_model, ModelName=name))
        if run.of_marketplace:
            name = _name(run, attempt)
            gone &= aws.delete_unless_busy(partial(client.delete_model_package, ModelPackageName=name))
    return gone
