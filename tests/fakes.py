"""SageMaker and EventBridge as the functions and the commands see them: small, strict, and inspectable.

The words of the refusals are SageMaker's own, since the functions distinguish errors
by them. The strict local SageMaker has its own tests; these fakes let a test put a
job or an endpoint into any state at once.
"""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.sagemaker.models import marketplace
from local.sagemaker.settings import Settings as LocalSettings

Json = dict[str, Any]


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Fake")


def published_algorithm() -> Json:
    """What SageMaker says of the algorithm that is published in AWS Marketplace, to be changed at will."""
    return copy.deepcopy(marketplace.describe(LocalSettings(state_dir=Path(), aws_endpoint="")))


class FakeSageMaker:
    """Keeps jobs, models and endpoints by name; what changes something is counted by operation.

    A test gives ``algorithms`` by ARN, and ``problems`` that describing something ends in, by operation.
    """

    def __init__(self) -> None:
        self.algorithms: dict[str, Json] = {}
        self.problems: dict[str, Exception] = {}
        self.training_jobs: dict[str, Json] = {}
        self.tuning_jobs: dict[str, Json] = {}
        self.transform_jobs: dict[str, Json] = {}
        self.models: dict[str, Json] = {}
        self.packages: dict[str, Json] = {}
        self.configs: dict[str, Json] = {}
        self.endpoint: Json | None = None
        self.variants: list[Json] = []  # that serve
        self.over_quota = False
        self.calls: list[str] = []

    def _create(self, kind: dict[str, Json], name: str, request: Json, taken: ClientError) -> Json:
        if self.over_quota:
            raise refusal("ResourceLimitExceeded", "The account-level service limit is 0 Instances.")
        if name in kind:
            raise taken
        kind[name] = request
        return {}

    def create_training_job(self, **request: Any) -> Json:
        self.calls.append("create_training_job")
        name = request["TrainingJobName"]
        taken = refusal("ResourceInUse", "Job name must be unique within an AWS account and region.")
        return self._create(self.training_jobs, name, request | {"TrainingJobStatus": "InProgress"}, taken)

    def describe_algorithm(self, AlgorithmName: str) -> Json:  # noqa: N803 - AWS's spelling
        self._raise_problem("describe_algorithm")
        if AlgorithmName not in self.algorithms:
            raise refusal("ValidationException", f"Algorithm {AlgorithmName} does not exist.")
        return self.algorithms[AlgorithmName]

    def _raise_problem(self, operation: str) -> None:
        if operation in self.problems:
            raise self.problems[operation]

    def describe_training_job(self, TrainingJobName: str) -> Json:  # noqa: N803
        self._raise_problem("describe_training_job")
        if TrainingJobName not in self.training_jobs:
            raise refusal("ValidationException", "Requested resource not found.")
        return self.training_jobs[TrainingJobName]

    def stop_training_job(self, TrainingJobName: str) -> Json:  # noqa: N803
        self.calls.append("stop_training_job")
        if self.training_jobs[TrainingJobName]["TrainingJobStatus"] != "InProgress":
            raise refusal("ValidationException", "The request was rejected because the job has ended.")
        self.training_jobs[TrainingJobName]["TrainingJobStatus"] = "Stopped"
        return {}

    def end_training(self, name: str, metrics: Mapping[str, float], status: str = "Completed") -> None:
        output = self.training_jobs[name].get("OutputDataConfig", {})
        place = output.get("S3OutputPath", "s3://data/runs/none/model/")
        self.training_jobs[name] |= {
            "TrainingJobStatus": status,
            "FailureReason": "AlgorithmError: no rows" if status == "Failed" else "",
            "ModelArtifacts": {"S3ModelArtifacts": f"{place.rstrip('/')}/{name}/output/model.tar.gz"},
            "FinalMetricDataList": [
                {"MetricName": metric, "Value": value} for metric, value in metrics.items()
            ],
        }

    def create_hyper_parameter_tuning_job(self, **request: Any) -> Json:
        self.calls.append("create_hyper_parameter_tuning_job")
        taken = refusal("ResourceInUse", "Hyperparameter tuning job names must be unique.")
        entry = request | {"HyperParameterTuningJobStatus": "InProgress"}
        return self._create(self.tuning_jobs, request["HyperParameterTuningJobName"], entry, taken)

    def describe_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> Json:  # noqa: N803
        if HyperParameterTuningJobName not in self.tuning_jobs:
            raise refusal("ResourceNotFound", "Amazon SageMaker can't find a tuning job with that name.")
        return self.tuning_jobs[HyperParameterTuningJobName]

    def list_training_jobs_for_hyper_parameter_tuning_job(
        self,
        HyperParameterTuningJobName: str,  # noqa: N803
        StatusEquals: str,  # noqa: N803
        **_order: Any,
    ) -> Json:
        found = [
            {"TrainingJobName": name} | job
            for name, job in self.training_jobs.items()
            if name.startswith(HyperParameterTuningJobName) and job["TrainingJobStatus"] == StatusEquals
        ]
        return {"TrainingJobSummaries": found[-1:]}

    def stop_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> Json:  # noqa: N803
        self.calls.append("stop_hyper_parameter_tuning_job")
        self.tuning_jobs[HyperParameterTuningJobName]["HyperParameterTuningJobStatus"] = "Stopped"
        return {}

    def end_tuning(self, name: str, metrics: dict[str, float] | None, status: str = "Completed") -> str:
        """End a tuning job, its second training job the best, or without one; return that one's name."""
        best = f"{name}-002-0a1b2c3d"
        job = self.tuning_jobs[name]
        job["HyperParameterTuningJobStatus"] = status
        job["TrainingJobStatusCounters"] = {"Completed": 2 if metrics else 0}
        if metrics:
            output = job.get("TrainingJobDefinition", {}).get("OutputDataConfig", {})
            self.training_jobs[best] = {"OutputDataConfig": output}
            self.end_training(best, metrics)
            tuned = {"factors": "96", "_tuning_objective_metric": "x"}
            job["BestTrainingJob"] = {"TrainingJobName": best, "TunedHyperParameters": tuned}
        if status == "Failed":
            job["FailureReason"] = "No training job succeeded after 6 attempts."
        return best

    def create_transform_job(self, **request: Any) -> Json:
        self.calls.append("create_transform_job")
        self._find_model(request)
        taken = refusal("ResourceInUse", "Job name must be unique within an AWS account and region.")
        entry = request | {"TransformJobStatus": "InProgress"}
        return self._create(self.transform_jobs, request["TransformJobName"], entry, taken)

    def describe_transform_job(self, TransformJobName: str) -> Json:  # noqa: N803
        if TransformJobName not in self.transform_jobs:
            raise refusal(
                "ValidationException", f"Could not find requested job with name: {TransformJobName}"
            )
        return self.transform_jobs[TransformJobName]

    def stop_transform_job(self, TransformJobName: str) -> Json:  # noqa: N803
        self.calls.append("stop_transform_job")
        self.transform_jobs[TransformJobName]["TransformJobStatus"] = "Stopped"
        return {}

    def _find_model(self, request: Json) -> None:
        if "ModelName" in request and request["ModelName"] not in self.models:
            raise refusal("ValidationException", f'Could not find model "{request["ModelName"]}".')

    def create_model(self, **request: Any) -> Json:
        taken = refusal("ValidationException", "Cannot create already existing model.")
        return self._create(self.models, request["ModelName"], request, taken)

    def create_model_package(self, **request: Any) -> Json:
        taken = refusal("ValidationException", "Model Package already exists.")
        return self._create(
            self.packages, request["ModelPackageName"], request | {"ModelPackageStatus": "Pending"}, taken
        )

    def describe_model_package(self, ModelPackageName: str) -> Json:  # noqa: N803
        if ModelPackageName not in self.packages:
            raise refusal("ValidationException", f"ModelPackage {ModelPackageName} does not exist.")
        return self.packages[ModelPackageName]

    def delete_model(self, ModelName: str) -> Json:  # noqa: N803
        if self.models.pop(ModelName, None) is None:
            raise refusal("ValidationException", "Could not find model.")
        return {}

    def create_endpoint_config(self, **request: Any) -> Json:
        for variant in request["ProductionVariants"]:
            self._find_model(variant)
            if "ServerlessConfig" in variant and self.models[variant["ModelName"]]["EnableNetworkIsolation"]:
                raise refusal(
                    "ValidationException", "Serverless Inference does not support network isolation."
                )
        taken = refusal("ValidationException", "Cannot create already existing endpoint configuration.")
        return self._create(self.configs, request["EndpointConfigName"], request, taken)

    def describe_endpoint_config(self, EndpointConfigName: str) -> Json:  # noqa: N803
        if EndpointConfigName not in self.configs:
            raise refusal("ValidationException", "Could not find endpoint configuration.")
        return self.configs[EndpointConfigName]

    def delete_endpoint_config(self, EndpointConfigName: str) -> Json:  # noqa: N803
        if self.configs.pop(EndpointConfigName, None) is None:
            raise refusal("ValidationException", "Could not find endpoint configuration.")
        return {}

    def describe_endpoint(self, EndpointName: str) -> Json:  # noqa: N803
        if self.endpoint is None:
            raise refusal("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return ({"ProductionVariants": self.variants} if self.variants else {}) | self.endpoint

    def create_endpoint(self, **request: Any) -> Json:
        self.calls.append("create_endpoint")
        if self.endpoint is not None:
            raise refusal("ValidationException", "Cannot create already existing endpoint.")
        self.endpoint, self.variants = request | {"EndpointStatus": "Creating"}, []
        return {}

    def update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> Json:  # noqa: N803
        self.calls.append("update_endpoint")
        assert self.endpoint is not None
        if self.endpoint["EndpointStatus"] != "InService":
            raise refusal("ValidationException", f'Cannot update in-progress endpoint "{EndpointName}".')
        if self._serverless(EndpointConfigName) and "CurrentServerlessConfig" not in self.variants[0]:
            raise refusal("ValidationException", "An endpoint on instances cannot become serverless.")
        self.endpoint |= {"EndpointStatus": "Updating", "Next": EndpointConfigName}
        return {}

    def delete_endpoint(self, EndpointName: str) -> Json:  # noqa: N803
        self.calls.append("delete_endpoint")
        self.endpoint = None
        return {}

    def settle_endpoint(self, *, rolled_back: bool = False) -> None:
        """Let a creation or an update end, well or by SageMaker's own roll-back."""
        assert self.endpoint is not None
        wanted = self.endpoint.pop("Next", self.endpoint["EndpointConfigName"])
        if not rolled_back:
            self.endpoint["EndpointConfigName"] = wanted
            variant = "CurrentServerlessConfig" if self._serverless(wanted) else "CurrentInstanceCount"
            self.variants = [{"VariantName": wanted, variant: 1}]
        self.endpoint["EndpointStatus"] = "InService"

    def _serverless(self, config: str) -> bool:
        return "ServerlessConfig" in self.configs[config]["ProductionVariants"][0]


class FakeEventBridge:
    """Remembers what was put, and refuses AWS's own sources as EventBridge does."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self.broken = False

    def put_events(self, Entries: list[Json]) -> Json:  # noqa: N803
        if self.broken:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorMessage": "InternalFailure"}]}
        assert not any(entry["Source"].startswith("aws.") for entry in Entries)
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    def published(self, detail_type: str) -> list[Json]:
        return [json.loads(entry["Detail"]) for entry in self.entries if entry["DetailType"] == detail_type]

    def types(self) -> list[str]:
        return [entry["DetailType"] for entry in self.entries]
