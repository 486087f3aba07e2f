"""Retiring superseded runs: their models and endpoint configs leave SageMaker.

Lambdas made them, so deleting the stack would not. Artifacts and outputs stay in
the data bucket. The newest ``retained_runs`` are spared, for a way back.
"""

from botocore.exceptions import ClientError

from retailrec_shared import aws, deployment, names
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage


def retirable(runs: list[Run], retained: int) -> list[Run]:
    """Choose the runs to retire from all runs, newest first.

    A superseded run that once was deployed may be spared; one that never was, or
    that failed after its model was made, is of no use to anybody.
    """
    over = [run for run in runs if not run.retired and run.started(Stage.APPROVE)]
    superseded = [run for run in over if run.status is RunStatus.SUPERSEDED and run.ended(Stage.DEPLOY)]
    spared = {run.run_id for run in superseded[:retained]}
    dead = {RunStatus.SUPERSEDED, RunStatus.FAILED, RunStatus.MODEL_REJECTED}
    return [run for run in over if run.status in dead and run.run_id not in spared]


def retire_old_runs() -> None:
    """Delete the models and endpoint configs of runs that no longer serve."""
    for run in retirable(list(ledger().runs()), settings().retained_runs):
        state = deployment.describe()
        if state is not None and (state.busy or state.run_id == run.run_id):
            continue  # SageMaker would delete a config that is in use without a word
        _delete_resources(names.resource_name(settings().resource_prefix, run.run_id))
        ledger().record(run.run_id, retired=True)
        logger.info("run retired", run_id=run.run_id)


def _delete_resources(name: str) -> None:
    try:
        aws.sagemaker().delete_endpoint_config(EndpointConfigName=name)
    except ClientError as error:
        if not aws.says_missing(error):
            raise
    try:
        aws.sagemaker().delete_model(ModelName=name)
    except ClientError as error:
        if not aws.says_missing(error):
            raise
