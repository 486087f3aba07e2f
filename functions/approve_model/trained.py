"""What trained a run: its training job, or the best training job of its tuning job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import tuning_requests
from retailrec_shared.sagemaker.requests import job_name

# A search that somebody stops in SageMaker keeps what it found; `retailrec stop` ends the run instead.
SEARCHED = frozenset({"Completed", "Stopped"})


class Trained(NamedTuple):
    """A training job as it is now; of a search, its best one, by name and by what was found."""

    status: str
    failure: str | None = None
    metrics: Mapping[str, float] = {}
    artifact: str = ""
    seconds: float | None = None  # of all its training jobs
    ended: datetime | None = None
    best_job: str | None = None
    tuned: Mapping[str, str] = {}


def present_job(run: Run) -> Trained | None:
    """Describe the job of the run's present attempt, not that of the event; ``None`` if missing."""
    if run.tunes:
        return _best_of_search(run)
    return _training_job(job_name(settings(), run, Stage.TRAIN))


def _training_job(name: str) -> Trained | None:
    try:
        job = aws.sagemaker().describe_training_job(TrainingJobName=name)
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise
    return Trained(
        status=job["TrainingJobStatus"],
        failure=job.get("FailureReason"),
        metrics={each["MetricName"]: float(each["Value"]) for each in job.get("FinalMetricDataList", [])},
        artifact=job.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
        # Spot instances are paid for less than their time.
        seconds=job.get("BillableTimeInSeconds") or job.get("TrainingTimeInSeconds"),
        ended=job.get("TrainingEndTime"),
    )


def _best_of_search(run: Run) -> Trained | None:
    name = tuning_requests.job_name(run)
    try:
        search = aws.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise
    status = search["HyperParameterTuningJobStatus"]
    best: Mapping[str, Any] = search.get("BestTrainingJob", {})
    if best and not best["TrainingJobName"].startswith(f"{name}-"):  # of a parent, by a warm start
        best = _best_of_its_own(name)
    seconds = search.get("ConsumedResources", {}).get("RuntimeInSeconds")
    if status == "Failed" or (status in SEARCHED and not best):
        reason = search.get("FailureReason") or f"The tuning job {NOTHING[status]}."
        return Trained("Failed", f"{reason} {_failure_within(name)}".strip(), seconds=seconds)
    if status not in SEARCHED:
        return Trained(status)
    job = _training_job(best["TrainingJobName"])
    if job is None:
        return None
    # SageMaker adds its own to what was searched.
    tuned = {
        key: value for key, value in best["TunedHyperParameters"].items() if not key.startswith("_tuning_")
    }
    return job._replace(best_job=best["TrainingJobName"], tuned=tuned, seconds=seconds or job.seconds)


def _best_of_its_own(name: str) -> Mapping[str, Any]:
    """Return the best of a tuning job's own training jobs; empty if none completed."""
    return _first_of(name, "Completed", "FinalObjectiveMetricValue")


def _failure_within(name: str) -> str:
    """Return why the latest of a tuning job's training jobs that failed did; empty if none failed."""
    reason = _first_of(name, "Failed", "CreationTime").get("FailureReason")
    return f"Its latest training job failed: {reason}" if reason else ""


def _first_of(name: str, status: Literal["Completed", "Failed"], sorted_by: Any) -> Mapping[str, Any]:
    """Return the training job of a status with the largest value; empty if there is none."""
    found = aws.sagemaker().list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        StatusEquals=status,
        SortBy=sorted_by,
        SortOrder="Descending",
        MaxResults=1,
    )["TrainingJobSummaries"]
    return found[0] if found else {}


NOTHING = {
    "Failed": "failed, and SageMaker does not say why",
    "Completed": "ended without one training job that completed",
    "Stopped": "was stopped before one of its training jobs had completed",
}
