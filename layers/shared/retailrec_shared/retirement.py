"""Retiring superseded runs: their models and endpoint configs leave SageMaker.

Lambdas made them, so deleting the stack would not. Artifacts and outputs stay in
the data bucket. The newest ``retained_runs`` are spared.
"""

from functools import partial

from retailrec_shared import aws, deployment, names
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage, stages_needed

DEAD = frozenset({RunStatus.SUPERSEDED, RunStatus.FAILED, RunStatus.MODEL_REJECTED})


def retirable(runs: list[Run], retained: int, needed: frozenset[Stage]) -> list[Run]:
    """Choose the runs to retire from all runs, newest first.

    A superseded run that once served may be spared; one that never did, or that
    failed after its model was made, is of no use to anybody.
    """
    over = [run for run in runs if run.status in DEAD and not run.retired and run.started(Stage.APPROVE)]
    served = [
        run
        for run in over
        if run.status is RunStatus.SUPERSEDED and all(run.ended(stage) for stage in needed)
    ]
    spared = {run.run_id for run in served[:retained]}
    return [run for run in over if run.run_id not in spared]


def retire_old_runs() -> None:
    """Delete the models and endpoint configs of runs that no longer serve."""
    needed = stages_needed(settings().endpoint_mode)
    for run in retirable(list(ledger().runs()), settings().retained_runs, needed):
        state = deployment.describe()
        serves = state is not None and (state.busy or state.run_id == run.run_id)
        if serves or run.run_id == ledger().pointer("live"):
            continue  # SageMaker would delete a config that is in use without a word
        _delete_resources(names.resource_name(settings().resource_prefix, run.run_id))
        ledger().record(run.run_id, retired=True)
        logger.info("run retired", run_id=run.run_id)


def _delete_resources(name: str) -> None:
    client = aws.sagemaker()
    aws.delete_if_there(partial(client.delete_endpoint_config, EndpointConfigName=name))
    aws.delete_if_there(partial(client.delete_model, ModelName=name))
