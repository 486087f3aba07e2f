"""Starting a run's training job, or the tuning job in its place, once."""

from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.failure import step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import requests as sagemaker_requests
from retailrec_shared.sagemaker import tuning_requests
from start_training import warm_start


def start_training(run_id: str) -> None:
    """Create the training or tuning job of a prepared run; a run that is elsewhere by now is left alone.

    Raises NotYet, after noting it in the ledger, while the account's quota allows no job.
    """
    run = ledger().get(run_id)
    if run is None or run.status is not RunStatus.PREPARED:
        logger.info("nothing to train", run_id=run_id, status=run and run.status)
        return
    if _newer_is_live(run):
        ledger().move(run_id, RunStatus.SUPERSEDED, reason="A later upload is live already.")
        return
    with step_of(run_id, Stage.TRAIN):
        with aws.creating("tuning job" if run.tunes else "training job"):
            _create_job(run)
        if ledger().start_stage(run_id, Stage.TRAIN, run.attempt(Stage.TRAIN)):
            ledger().move(run_id, RunStatus.TRAINING)


def _create_job(run: Run) -> None:
    if run.tunes:
        parent = warm_start.parent_of(run)
        aws.sagemaker().create_hyper_parameter_tuning_job(
            **tuning_requests.tuning_job(settings(), run, parent)
        )
    else:
        aws.sagemaker().create_training_job(**sagemaker_requests.training_job(settings(), run))


def _newer_is_live(run: Run) -> bool:
    live = ledger().pointer("live")
    other = ledger().get(live) if live else None
    return other is not None and other.order > run.order
