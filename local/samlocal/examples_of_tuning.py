"""The state change of a hyperparameter tuning job."""

from typing import Any

from local.samlocal.values import Values
from retailrec_shared.core import names
from retailrec_shared.core.tuning_ranges import VALIDATION_METRIC

Json = dict[str, Any]


def tuning_job(values: Values) -> Json:
    """Make the detail of one that has completed."""
    name = names.tuning_job_name(values.run_id)
    best = f"{name}-004-1a2b3c4d"
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobArn": values.arn("hyper-parameter-tuning-job", name),
        "HyperParameterTuningJobStatus": "Completed",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": VALIDATION_METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1},
            "TrainingJobEarlyStoppingType": "Auto",
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "learning_rate", "MinValue": "0.001", "MaxValue": "0.1"}
                ],
                "IntegerParameterRanges": [{"Name": "factors", "MinValue": "32", "MaxValue": "256"}],
                "CategoricalParameterRanges": [],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"algorithm": "bpr", "refit": "true"},
            "AlgorithmSpecification": {"TrainingImage": values.image, "TrainingInputMode": "File"},
            "RoleArn": values.role_arn,
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        "CreationTime": 1767322800000,
        "LastModifiedTime": 1767326400000,
        "HyperParameterTuningEndTime": 1767326400000,
        "TrainingJobStatusCounters": {
            "Completed": 9,
            "InProgress": 0,
            "RetryableError": 0,
            "NonRetryableError": 0,
            "Stopped": 0,
        },
        "ObjectiveStatusCounters": {"Succeeded": 9, "Pending": 0, "Failed": 0},
        "BestTrainingJob": {
            "TrainingJobName": best,
            "TrainingJobArn": values.arn("training-job", best),
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {"learning_rate": "0.0205", "factors": "96"},
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": VALIDATION_METRIC, "Value": 0.1024},
            "ObjectiveStatus": "Succeeded",
        },
        "Tags": {"retailrec:run-id": values.run_id},
    }
