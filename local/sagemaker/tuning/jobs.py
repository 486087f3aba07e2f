"""Hyperparameter tuning jobs: create, describe, list, stop, and list their training jobs."""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from local.sagemaker.account import listing, quotas
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, TuningJob
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import validation
from local.sagemaker.training import rules as training_rules
from local.sagemaker.tuning import rules, views
from local.sagemaker.tuning.run import enter, request_stop, run

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def create(cloud: "Cloud", request: Document) -> Document:
    """Start a tuning job."""
    rules.check(cloud, request)
    registry, name = cloud.store.tuning_jobs, request["HyperParameterTuningJobName"]
    registry.check_free(name)
    cloud.quotas.check(quotas.TUNING, Counter({quotas.CONCURRENT: 1}))
    parallel = request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"]
    one = quotas.instances_of_job(request["TrainingJobDefinition"])
    cloud.quotas.check("training-job", Counter({kind: count * parallel for kind, count in one.items()}))
    condition = request["TrainingJobDefinition"]["StoppingCondition"]
    condition.setdefault("MaxRuntimeInSeconds", training_rules.MAX_SECONDS)
    job = TuningJob(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
    registry.add(job)
    enter(cloud, job, "InProgress")
    cloud.start(run(cloud, job))
    return {"HyperParameterTuningJobArn": job.arn}


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe a tuning job."""
    return views.describe(cloud.store, _find(cloud, request))


async def list_jobs(cloud: "Cloud", request: Document) -> Document:
    """List tuning jobs."""
    summarise = partial(views.brief, cloud.store)
    return listing.page(cloud.store.tuning_jobs, request, "HyperParameterTuningJobSummaries", summarise)


async def list_training_jobs(cloud: "Cloud", request: Document) -> Document:
    """List a tuning job's training jobs; by their objective, only those that have reported it."""
    jobs = views.trials(cloud.store, _find(cloud, request))
    if request.get("SortBy") == "FinalObjectiveMetricValue":
        jobs = [job for job in jobs if job.objective]
    summarise = partial(views.summary, cloud.store)
    return listing.page(jobs, request, "TrainingJobSummaries", summarise, order="Ascending")


async def stop(cloud: "Cloud", request: Document) -> Document:
    """Ask a tuning job to stop; one that is stopping already stays so."""
    job = _find(cloud, request)
    if not job.running:
        raise validation(
            f"The request was rejected because the hyperparameter tuning job is in status {job.status}."
        )
    request_stop(cloud, job)
    return {}


def _find(cloud: "Cloud", request: Document) -> TuningJob:
    return cloud.store.tuning_jobs.find(request["HyperParameterTuningJobName"])


NAMED = (("hyper-parameter-tuning-job", "HyperParameterTuningJobName"),)
OPERATIONS = (
    Operation("CreateHyperParameterTuningJob", create, NAMED),
    Operation("DescribeHyperParameterTuningJob", describe, NAMED),
    Operation("ListHyperParameterTuningJobs", list_jobs),
    Operation("StopHyperParameterTuningJob", stop, NAMED),
    Operation("ListTrainingJobsForHyperParameterTuningJob", list_training_jobs, NAMED),
)
