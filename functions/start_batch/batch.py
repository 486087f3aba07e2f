"""Starts a run's transform job, once."""

from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.attempts import wait_for_turn
from retailrec_shared.ledger.failure import step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.sagemaker import requests as sagemaker_requests


def start_batch(run_id: str) -> None:
    """Create the transform job of an approved run; does nothing for a run with another status.

    Raises NotYet, after recording it in the ledger, while the account's quota allows no job.
    """
    run = ledger().get(run_id)
    if run is None or run.status is not RunStatus.APPROVED or run.started(Stage.BATCH):
        logger.info("nothing to transform", run_id=run_id, status=run and run.status)
        return
    wait_for_turn(run, Stage.BATCH)
    with step_of(run_id, Stage.BATCH):
        with aws.creating("transform job"):
            aws.sagemaker().create_transform_job(**sagemaker_requests.transform_job(settings(), run))
        ledger().start_stage(run_id, Stage.BATCH, run.attempt(Stage.BATCH))
