"""CreateHyperParameterTuningJob for a run, and which earlier one it may begin from; pure.

A tuning job is the run's training job, divided into what is fixed and what is searched.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from retailrec_shared.core import names
from retailrec_shared.core.settings import Settings
from retailrec_shared.core.status import Stage
from retailrec_shared.core.tuning_ranges import MOST_JOBS, VALIDATION_METRIC, Range
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC, METRICS, metric_definitions, training_job

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateHyperParameterTuningJobRequestTypeDef

# Those of ``algorithm=auto``, which no job of a tuning job is: SageMaker takes 40 metrics in all.
TRIAL_METRICS = (*(name for name in METRICS if not name.startswith("candidate_")), VALIDATION_METRIC)
# Of a training job's request, what a tuning job's definition has by the same name.
KEPT = (
    "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
    "EnableNetworkIsolation", "EnableManagedSpotTraining", "RetryStrategy",
)  # fmt: skip
USABLE_PARENTS = frozenset({"Completed", "Stopped"})


def job_name(run: Run) -> str:
    """Name of the tuning job of a run's present attempt at training."""
    return names.tuning_job_name(run.run_id, run.attempt(Stage.TRAIN))


def objective(run: Run) -> dict[str, str]:
    """Return what the jobs of a run's search are judged by."""
    return {"Type": "Maximize", "MetricName": CONTRACT_METRIC if run.of_marketplace else VALIDATION_METRIC}


def parameter_ranges(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Write what a run searches as SageMaker's ParameterRanges."""
    numbers = {name: each for name, each in run.searched.items() if isinstance(each, Range)}
    choices = {name: each for name, each in run.searched.items() if not isinstance(each, Range)}

    def entries(whole: bool) -> list[dict[str, Any]]:
        return [
            {
                "Name": name,
                "MinValue": f"{each.low:g}",
                "MaxValue": f"{each.high:g}",
                "ScalingType": each.scale,
            }
            for name, each in numbers.items()
            if each.whole is whole
        ]

    return {
        "ContinuousParameterRanges": entries(whole=False),
        "IntegerParameterRanges": entries(whole=True),
        "CategoricalParameterRanges": [
            {"Name": name, "Values": list(each)} for name, each in choices.items()
        ],
    }


def tuning_job(
    settings: Settings, run: Run, parent: str | None = None
) -> "CreateHyperParameterTuningJobRequestTypeDef":
    """Build CreateHyperParameterTuningJob; ``parent`` is an earlier run's tuning job to begin from."""
    job: Mapping[str, Any] = training_job(settings, run)
    algorithm = dict(job["AlgorithmSpecification"])
    if not run.of_marketplace:
        algorithm["MetricDefinitions"] = metric_definitions(TRIAL_METRICS)
    request = {
        "HyperParameterTuningJobName": job_name(run),
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": objective(run),
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": _in_total(run),
                "MaxParallelTrainingJobs": int(run.configuration["tuning_jobs_in_parallel"]),
            },
            "ParameterRanges": parameter_ranges(run),
            "TrainingJobEarlyStoppingType": "Auto",
            "RandomSeed": int(run.run_id[:7], 16),  # the same run searches the same way
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": _fixed(run),
            "AlgorithmSpecification": algorithm,
            **{name: job[name] for name in KEPT if name in job},
        },
        "Tags": job["Tags"],
    }
    if parent:
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
            "WarmStartType": "TransferLearning",  # what was learned from other rows
        }
    return cast("CreateHyperParameterTuningJobRequestTypeDef", request)


def _in_total(run: Run) -> int:
    return int(run.configuration["tuning_jobs_in_total"])


def _fixed(run: Run) -> dict[str, str]:
    return {name: value for name, value in run.hyperparameters.items() if name not in run.searched}


def may_begin_from(run: Run, parent: Mapping[str, Any]) -> bool:
    """Return whether a tuning job, as Describe shows it, searched the same as this run, by the same metric.

    SageMaker asks for the same objective and the same hyperparameters; which of them were fixed, and at what,
    may differ there. Here it may not: what was found with another Algorithm says nothing. The parent's
    training jobs count towards the most that one tuning job may have:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html
    """
    config, definition = parent["HyperParameterTuningJobConfig"], parent.get("TrainingJobDefinition", {})
    ranges = config.get("ParameterRanges", {})
    return (
        parent["HyperParameterTuningJobStatus"] in USABLE_PARENTS
        and parent.get("TrainingJobStatusCounters", {}).get("Completed", 0) > 0
        and _in_total(run) + sum(parent["TrainingJobStatusCounters"].values()) <= MOST_JOBS
        and config.get("HyperParameterTuningJobObjective") == objective(run)
        and _comparable(ranges) == _comparable(parameter_ranges(run))
        and _without_reserved(definition.get("StaticHyperParameters", {})) == _fixed(run)
    )


def _comparable(ranges: Mapping[str, Any]) -> set[tuple[str, ...]]:
    return {
        (kind, *(str(value) for _, value in sorted(entry.items())))
        for kind, entries in ranges.items()
        for entry in entries
    }


def _without_reserved(hyperparameters: Mapping[str, str]) -> dict[str, str]:
    """Leave out what SageMaker adds, such as _tuning_objective_metric."""
    return {name: value for name, value in hyperparameters.items() if not name.startswith("_tuning_")}
