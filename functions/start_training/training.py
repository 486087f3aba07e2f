"""Starts a run's training job, or its tuning job, once."""

from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.attempts import wait_for_turn
from retailrec_shared.ledger.failure import step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import requests as sagemaker_requests
from start_training import warm_start


def start_training(run_id: str) -> None:
    """Create the training or tuning job of a prepared run; does nothing for a run with another status.

    Raises NotYet, after recording it in the ledger, while the account's quota allows no job.
    """
    run = ledger().get(run_id)
    if run is None or not _may_train(run):
        logger.info("nothing to train", run_id=run_id, status=run and run.status)
        return
    wait_for_turn(run, Stage.TRAIN)
    if run.status is RunStatus.PREPARED and _newer_is_live(run):
        ledger().move(run_id, RunStatus.SUPERSEDED, reason="A later upload is live already.")
        return
    with step_of(run_id, Stage.TRAIN):
        with aws.creating("tuning job" if run.tunes else "training job"):
            _create_job(run)
        if ledger().start_stage(run_id, Stage.TRAIN, run.attempt(Stage.TRAIN)):
            ledger().move(run_id, RunStatus.TRAINING)


def _may_train(run: Run) -> bool:
    again = run.status is RunStatus.TRAINING and run.stages[Stage.TRAIN].begins_again
    return run.status is RunStatus.PREPARED or again


def _create_job(run: Run) -> None:
    if run.tunes:
        warm_start.create_tuning_job(run)
    else:
        aws.sagemaker().create_training_job(**sagemaker_requests.training_job(settings(), run))


def _newer_is_live(run: Run) -> bool:
    live = ledger().pointer("live")
    other = ledger().get(live) if live else None
    return other is not None and other.order > run.order
