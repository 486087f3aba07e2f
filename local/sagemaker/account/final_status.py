"""Runs a job's work to a final status, with a failure reason if it fails."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from local.sagemaker.account.records import ModelPackage, TrainingJob, TransformJob, TuningJob
from local.sagemaker.errors import INTERNAL_ERROR, JobFailed, JobStopped

logger = logging.getLogger(__name__)


async def final_status(
    job: TrainingJob | TransformJob | TuningJob | ModelPackage, work: Callable[[], Coroutine[Any, Any, str]]
) -> str:
    """Do the work; return the status that it returns, or the one that its exception stands for."""
    try:
        return await work()
    except JobStopped:
        return "Stopped"
    except JobFailed as failure:
        job.failure_reason = failure.reason
    except Exception:  # its own process boundary: nobody awaits this task
        logger.exception("Unexpected error in %s", job.arn)
        job.failure_reason = INTERNAL_ERROR
    return "Failed"
