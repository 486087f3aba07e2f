"""Retiring superseded runs: their models and endpoint configs leave SageMaker.

Lambdas made them, so deleting the stack would not. Artifacts and outputs stay in
the data bucket. The newest ``retained_runs`` are spared.
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

# A function that saw the run alive may still be making its model or endpoint config: it is given time to
# end. Longer than the timeout of every function that makes one.
RETIREMENT_GRACE = timedelta(minutes=2)


def retirable(runs: list[Run], retained: int, needed: frozenset[Stage]) -> list[Run]:
    """Choose the runs to retire from all runs, newest first.

    A superseded run that once served may be spared; one that never did, or that
    failed after its model was made, is of no use to anybody.
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
    spared = {run.run_id for run in served[:retained]}
    return [run for run in over if run.run_id not in spared]


def retire_old_runs(moment: datetime) -> None:
    """Delete the models and endpoint configs of runs that no longer serve, some time after they ended."""
    needed = stages_needed(settings().endpoint_mode)
    for run in retirable(list(ledger().runs()), settings().retained_runs, needed):
        if moment - datetime.fromisoformat(run.status_at) < RETIREMENT_GRACE:
            continue
        state = deployment.describe()
        serves = state is not None and (state.busy or state.run_id == run.run_id)
        if serves or run.run_id == ledger().pointer("live"):
            continue  # SageMaker would delete a config that is in use without a word
        # Claimed before anything is deleted, so that no operator brings it back this moment.
        claimed = run if run.cleanup.retired else ledger().update(run, run.status, retired=True)
        if claimed is None:
            continue
        if _delete_attempts(run, range(1, claimed.attempt(Stage.APPROVE) + 1)):
            ledger().update(claimed, claimed.status, removed=True)
            logger.info("run retired", run_id=run.run_id)


def delete_earlier_attempts(moment: datetime) -> None:
    """Delete what earlier attempts left of a run that serves, or may again: only its last can."""
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
        if state and (state.busy or state.config in map(partial(_name, run), earlier)):
            continue
        if _delete_attempts(run, earlier):
            ledger().update(run, run.status, tidied=attempt)


def _name(run: Run, attempt: int) -> str:
    return names.resource_name(settings().resource_prefix, run.run_id, attempt)


def _delete_attempts(run: Run, attempts: range) -> bool:
    """Delete what attempts at a run's model made; False while something of it cannot be deleted yet."""
    client, gone = aws.sagemaker(), True
    for name in map(partial(_name, run), attempts):
        aws.delete_if_there(partial(client.delete_endpoint_config, EndpointConfigName=name))
        aws.delete_if_there(partial(client.delete_model, ModelName=name))
        if run.of_marketplace:
            gone &= aws.delete_unless_busy(partial(client.delete_model_package, ModelPackageName=name))
    return gone
