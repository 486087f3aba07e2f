"""What trained a run: its training job, or the best training job of its tuning job."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import tuning_requests
from retailrec_shared.sagemaker.requests import job_name

# Who stops a search in SageMaker wants what it has found so far; `retailrec stop` ends the run instead.
SEARCHED = frozenset({"Completed", "Stopped"})


class Trained(NamedTuple):
    """A training job as it is now; of a search, its best one, by name and by what was found."""

    status: str
    failure: str | None = None
    metrics: Mapping[str, float] = {}
    artifact: str = ""
    seconds: float | None = None  # of all its training jobs
    best_job: str | None = None
    tuned: Mapping[str, str] = {}


def present_job(run: Run) -> Trained | None:
    """Ask for the job of the run's present attempt, whichever's event came; None if it is not there."""
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
    seconds = search.get("ConsumedResources", {}).get("RuntimeInSeconds")
    if status == "Failed" or (status in SEARCHED and not best):
        reason = search.get("FailureReason") or f"The tuning job {NOTHING[status]}."
        return Trained("Failed", reason, seconds=seconds)
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


NOTHING = {
    "Failed": "failed, and SageMaker does not say why",
    "Completed": "ended without one training job that completed",
    "Stopped": "was stopped before one of its training jobs had completed",
}
