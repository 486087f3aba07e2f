"""Stops the jobs of a run that an operator stopped."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.timing import MAX_STEP_GAP
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.operators import TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB
from retailrec_shared.ledger.run import Run


class _Kind(NamedTuple):
    """A kind of job: its name in SageMaker's fields, and the calls that describe and stop it."""

    noun: str
    describe: Callable[..., Any]
    stop: Callable[..., Any]


def _kind(kind: str) -> _Kind:
    client = aws.sagemaker()
    return {
        TRAINING_JOB: lambda: _Kind("TrainingJob", client.describe_training_job, client.stop_training_job),
        TRANSFORM_JOB: lambda: _Kind(
            "TransformJob", client.describe_transform_job, client.stop_transform_job
        ),
        TUNING_JOB: lambda: _Kind(
            "HyperParameterTuningJob",
            client.describe_hyper_parameter_tuning_job,
            client.stop_hyper_parameter_tuning_job,
        ),
    }[kind]()


def stop_jobs_of(run_id: str) -> None:
    """Stop the jobs of a run that has failed, if an operator stopped it."""
    run = ledger().get(run_id)
    if run:
        stop_jobs(run, datetime.now(UTC))


def stop_jobs(run: Run, moment: datetime) -> None:
    """Stop the jobs that still run under the names in the ledger.

    The names are kept for a while: a function that had read the run before it was stopped
    may create its job only now.
    """
    for entry in run.cleanup.jobs_to_stop:
        kind, name = entry.split("/", 1)
        stop_if_running(run, kind, name)
    if run.cleanup.jobs_to_stop and moment - datetime.fromisoformat(run.status_at) > MAX_STEP_GAP:
        ledger().update(run, run.status, stopping=[])


def stop_if_running(run: Run, kind: str, name: str) -> bool:
    """Stop a job that runs and is not being stopped; return whether it has yet to end."""
    status = _status(kind, name)
    if status == "InProgress":
        logger.info("job stopped", run_id=run.run_id, job=name)
        _stop(kind, name)
    return status in {"InProgress", "Stopping"}


def _status(kind: str, name: str) -> str | None:
    job = _kind(kind)
    try:
        return str(job.describe(**{f"{job.noun}Name": name})[f"{job.noun}Status"])
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise


def _stop(kind: str, name: str) -> None:
    job = _kind(kind)
    try:
        job.stop(**{f"{job.noun}Name": name})
    except ClientError as error:
        if aws.error_code(error) != "ValidationException":  # it ended by itself this moment
            raise
