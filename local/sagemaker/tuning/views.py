"""A tuning job and its training jobs as Describe, List and events show them."""

from collections import Counter
from typing import TYPE_CHECKING

from local.sagemaker.account.records import Document, TrainingJob, TuningJob, now

if TYPE_CHECKING:
    from local.sagemaker.account.store import Store


def trials(store: "Store", job: TuningJob) -> list[TrainingJob]:
    """List a tuning job's training jobs, in the order in which they began."""
    return [store.training_jobs.find(name) for name in job.trials]


def best(store: "Store", job: TuningJob) -> TrainingJob | None:
    """Find the training job that completed with the best objective."""
    ended = [each for each in trials(store, job) if each.status == "Completed" and each.objective]
    choose = max if job.objective["Type"] == "Maximize" else min
    return choose(ended, key=lambda each: each.objective[-1], default=None)


def describe(store: "Store", job: TuningJob) -> Document:
    """Describe a tuning job."""
    found, jobs = best(store, job), trials(store, job)
    return {
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobConfig": job.config,
        "TrainingJobDefinition": _definition(job),
        "HyperParameterTuningJobStatus": job.status,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "HyperParameterTuningEndTime": job.ended,
        "TrainingJobStatusCounters": _statuses(jobs),
        "ObjectiveStatusCounters": _objectives(jobs),
        "BestTrainingJob": summary(store, found) if found else None,
        "WarmStartConfig": job.request.get("WarmStartConfig"),
        "FailureReason": job.failure_reason,
        "ConsumedResources": {"RuntimeInSeconds": _seconds(jobs)},
    }


def _seconds(jobs: list[TrainingJob]) -> int:
    """Add up the seconds of training jobs, as they are billed."""
    return sum(
        max(1, round(((job.ended or now()) - job.started).total_seconds())) for job in jobs if job.started
    )


def _definition(job: TuningJob) -> Document:
    """SageMaker adds the objective to what was fixed."""
    fixed = job.definition.get("StaticHyperParameters", {})
    reserved = {"_tuning_objective_metric": job.objective["MetricName"]}
    return job.definition | {"StaticHyperParameters": fixed | reserved}


def summary(store: "Store", trial: TrainingJob) -> Document:
    """Describe one training job of a tuning job."""
    tuning = store.tuning_jobs.find(trial.tuning_job or "")
    value = trial.objective[-1] if trial.objective else None
    objective = {"Type": tuning.objective["Type"], "MetricName": tuning.objective["MetricName"]}
    return {
        "TrainingJobName": trial.name,
        "TrainingJobArn": trial.arn,
        "CreationTime": trial.created,
        "TrainingStartTime": trial.started,
        "TrainingEndTime": trial.ended,
        "TrainingJobStatus": trial.status,
        "TunedHyperParameters": trial.tuned,
        "FailureReason": trial.failure_reason,
        "FinalHyperParameterTuningJobObjectiveMetric": None
        if value is None
        else objective | {"Value": value},
        "ObjectiveStatus": _objective_status(trial),
    }


def brief(store: "Store", job: TuningJob) -> Document:
    """Describe a tuning job as a list of them does."""
    described = describe(store, job)
    return described | {"Strategy": job.config["Strategy"], "ResourceLimits": job.config["ResourceLimits"]}


def _objective_status(trial: TrainingJob) -> str:
    if trial.running:
        return "Pending"
    return "Succeeded" if trial.objective and trial.status != "Failed" else "Failed"


def _statuses(jobs: list[TrainingJob]) -> Document:
    counted = Counter("InProgress" if job.running else job.status for job in jobs)
    return {
        "Completed": counted["Completed"],
        "InProgress": counted["InProgress"],
        "RetryableError": 0,
        "NonRetryableError": counted["Failed"],
        "Stopped": counted["Stopped"],
    }


def _objectives(jobs: list[TrainingJob]) -> Document:
    counted = Counter(map(_objective_status, jobs))
    return {name: counted[name] for name in ("Succeeded", "Pending", "Failed")}
