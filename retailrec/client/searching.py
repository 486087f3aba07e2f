"""The progress of a run's search, read from SageMaker while the run is followed."""

import time
from collections.abc import Callable
from typing import NamedTuple

from botocore.exceptions import ClientError

from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import tuning_requests

LOOK_SECONDS = 1.0  # between two requests to SageMaker, however often the run is polled


class Search(NamedTuple):
    """How many training jobs of a search have ended, of how many, and the metric of the best one."""

    ended: int
    total: int
    best: float | None = None

    def __str__(self) -> str:
        """Return it in a few words."""
        best = "" if self.best is None else f", best {self.best:.4f}"
        return f"{self.ended} of {self.total} training jobs{best}"


def search_of(stack: Stack, run: Run) -> Search | None:
    """Read the progress of a run's search; None while there is none, or without the permission."""
    if not run.tunes or run.status is not RunStatus.TRAINING:
        return None
    name = tuning_requests.job_name(run)
    try:
        job = stack.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except ClientError:  # this is for display only
        return None
    counted = job["TrainingJobStatusCounters"]
    ended = sum(counted.get(each, 0) for each in ("Completed", "Stopped", "NonRetryableError"))  # type: ignore[misc]
    found = job.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric")
    return Search(ended, int(run.configuration["tuning_jobs_in_total"]), found["Value"] if found else None)


def with_search(stack: Stack, show: Callable[[Run, Search | None], None]) -> Callable[[Run], None]:
    """Show a run together with the progress of its search."""
    seen: Search | None = None
    asked = 0.0

    def show_both(run: Run) -> None:
        nonlocal seen, asked
        if run.status is not RunStatus.TRAINING:
            seen = None
        elif time.monotonic() - asked >= LOOK_SECONDS:
            seen, asked = search_of(stack, run), time.monotonic()
        show(run, seen)

    return show_both
