"""A Marketplace algorithm: described, trained, packaged, served by its contract, and refused beyond it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.models import marketplace
from local.sagemaker.training.metrics import MetricScanner
from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, client, model_archive, wait_until
from tests.integration.local_sagemaker.test_sagemaker_events import Listener

ARN = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
EVENT = "SageMaker Model Package State Change"
TYPE = "ml.m5.large"


@pytest.fixture
def listener(laptop: Laptop) -> Iterator[Listener]:
    yield Listener(laptop, "model-packages")
    client("events", laptop.aws).remove_targets(Rule="model-packages", Ids=["queue"])


def request(laptop: Laptop, name: str, **changes: Any) -> dict[str, Any]:
    specification = {"AlgorithmName": ARN, "TrainingInputMode": "File"}
    asked = {"AlgorithmSpecification": specification, "EnableNetworkIsolation": True, "HyperParameters": {}}
    return laptop.training_request(name, **{**asked, **changes})


def package(laptop: Laptop, name: str, key: str = "") -> str:
    """Ask for a package; without a key, of an artifact that exists."""
    if not key:
        key = f"models/{name}.tar.gz"
        laptop.put(key, model_archive(version=name))
    source = {"AlgorithmName": ARN, "ModelDataUrl": f"s3://{BUCKET}/{key}"}
    answer = laptop.sm.create_model_package(
        ModelPackageName=name, SourceAlgorithmSpecification={"SourceAlgorithms": [source]}
    )
    return str(answer["ModelPackageArn"])


def made(laptop: Laptop, name: str) -> dict[str, Any]:
    """Wait for a package's end and describe it."""

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = laptop.sm.describe_model_package(ModelPackageName=name)
        return None if found["ModelPackageStatus"] in ("Pending", "InProgress") else found

    found: dict[str, Any] = wait_until(ended)
    return found


def model(laptop: Laptop, name: str, isolated: bool = True, **container: Any) -> None:
    laptop.sm.create_model(
        ModelName=name,
        PrimaryContainer={"ModelPackageName": name, **container},
        ExecutionRoleArn=laptop.role,
        EnableNetworkIsolation=isolated,
    )


def refused(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**asked)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    return str(refusal.value.response["Error"]["Message"])


def test_the_algorithm_describes_the_published_contract(laptop: Laptop) -> None:
    found = laptop.sm.describe_algorithm(AlgorithmName=ARN)
    training = found["TrainingSpecification"]
    assert found["AlgorithmStatus"] == "Completed"
    assert {each["Name"]: each["DefaultValue"] for each in training["SupportedHyperParameters"]} == {
        "factors": "100",
        "iterations": "100",
        "learning_rate": "0.01",
        "regularization": "0.01",
        "verify_negative_samples": "True",
        "use_gpu": "False",
    }
    assert {each["Name"]: each["IsRequired"] for each in training["TrainingChannels"]} == {
        "training": True,
        "testing": False,
    }
    assert [each["Name"] for each in training["MetricDefinitions"]] == ["p@k(10)"]


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (ARN.replace("us-east-1", "us-west-2"), "ARN should be scoped to correct region: us-east-1"),
        (ARN + "0", f"Algorithm {ARN}0 does not exist."),
        ("mine", "Algorithm arn:aws:sagemaker:us-east-1:000000000000:algorithm/mine does not exist."),
    ],
)
def test_another_algorithm_is_not_there(laptop: Laptop, arn: str, message: str) -> None:
    assert refused(laptop.sm.describe_algorithm, AlgorithmName=arn) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"HyperParameters": {"refit": "true"}}, "Hyperparameter refit is not supported"),
        ({"HyperParameters": {"factors": "0"}}, "Hyperparameter factors has the value '0'"),
        ({"HyperParameters": {"factors": "10.5"}}, "Hyperparameter factors has the value '10.5'"),
        ({"HyperParameters": {"learning_rate": "nan"}}, "Hyperparameter learning_rate"),
        ({"HyperParameters": {"use_gpu": "maybe"}}, "Hyperparameter use_gpu"),
        ({"InputDataConfig": None}, "Channel training is required"),
        (
            {"ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}},
            "ml.p3.2xlarge is not supported",
        ),
        (
            {"ResourceConfig": {"InstanceType": TYPE, "InstanceCount": 2, "VolumeSizeInGB": 5}},
            "InstanceCount must be 1",
        ),
        (
            {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints/"}},
            "spot training and checkpoints are not supported",
        ),
    ],
)
def test_a_job_beyond_the_contract_is_refused(laptop: Laptop, changes: dict[str, Any], message: str) -> None:
    assert message in refused(laptop.sm.create_training_job, **request(laptop, "beyond", **changes))


def test_without_a_subscription_everything_is_refused(laptop: Laptop) -> None:
    package(laptop, "before-unsubscribing")
    made(laptop, "before-unsubscribing")
    laptop.admin("POST", "/_faults", {"fault": "unsubscribed"})
    words = "Caller is not subscribed to the marketplace offering."
    assert refused(laptop.sm.describe_algorithm, AlgorithmName=ARN) == words
    assert refused(laptop.sm.create_training_job, **request(laptop, "unsubscribed")) == words
    with pytest.raises(ClientError, match=words):
        model(laptop, "before-unsubscribing")


def test_a_job_becomes_a_package_a_model_and_an_endpoint(laptop: Laptop, listener: Listener) -> None:
    laptop.put("bpr/train/rows.csv", "user_id,item_id\n13085,85048\n")
    laptop.sm.create_training_job(**request(laptop, "bpr", HyperParameters={"factors": "8"}))
    job = laptop.trained("bpr")
    assert [each["MetricName"] for each in job["FinalMetricDataList"]] == ["p@k(10)"]
    package(laptop, "bpr", job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/"))
    found = made(laptop, "bpr")
    assert found["ModelPackageStatus"] == "Completed"
    events = listener.until("bpr", "ModelPackageStatus", "Pending", "InProgress", "Completed")
    changes = [event for event in events if event["detail-type"] == EVENT]
    statuses = {event["detail"]["ModelPackageStatus"] for event in changes}
    assert statuses == {"Pending", "InProgress", "Completed"}
    assert changes[0]["detail"]["ModelPackageArn"] == found["ModelPackageArn"]
    model(laptop, "bpr")
    variant = {"VariantName": "v", "ModelName": "bpr", "InitialInstanceCount": 1, "InstanceType": TYPE}
    laptop.sm.create_endpoint_config(EndpointConfigName="bpr", ProductionVariants=[variant])
    laptop.sm.create_endpoint(EndpointName="bpr", EndpointConfigName="bpr")
    assert laptop.settled("bpr")["EndpointStatus"] == "InService"
    assert laptop.ask("bpr", top_n="2")["user_id"] == "13085"
    for beyond in ({"top_n": "2", "exclude": ["1"]}, {"top_n": 2}, {}):
        with pytest.raises(ClientError, match=r"Received client error \(400\)"):
            laptop.ask("bpr", **beyond)
    summaries = laptop.sm.list_model_packages(NameContains="bpr")["ModelPackageSummaryList"]
    assert ("bpr", "Completed") in [(s["ModelPackageName"], s["ModelPackageStatus"]) for s in summaries]


def test_a_batch_sends_single_records_within_the_contract(laptop: Laptop) -> None:
    package(laptop, "batched")
    made(laptop, "batched")
    model(laptop, "batched")
    lines = [json.dumps({"user_id": str(number), "top_n": "2"}) for number in range(3)]
    laptop.put("batched/in/customers.jsonl", "\n".join(lines))
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/batched/in/"}
    asked = {
        "TransformJobName": "batched",
        "ModelName": "batched",
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/json",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{BUCKET}/batched/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1},
    }
    assert "ml.p3.2xlarge is not supported" in refused(laptop.sm.create_transform_job, **asked)
    asked["TransformResources"] = {"InstanceType": TYPE, "InstanceCount": 1}
    laptop.sm.create_transform_job(**asked)
    assert laptop.transformed("batched")["TransformJobStatus"] == "Completed"
    assert len(laptop.get("batched/out/customers.jsonl.out").splitlines()) == 6


def test_a_package_of_nothing_fails_with_a_reason_and_makes_no_model(laptop: Laptop) -> None:
    package(laptop, "empty", "models/nowhere.tar.gz")
    found = made(laptop, "empty")
    assert found["ModelPackageStatus"] == "Failed"
    (reason,) = found["ModelPackageStatusDetails"]["ValidationStatuses"]
    assert "Could not find model data" in reason["FailureReason"]
    with pytest.raises(ClientError, match="must be Completed, and is Failed"):
        model(laptop, "empty")


def test_a_package_is_made_once_and_not_deleted_while_it_is_made(laptop: Laptop) -> None:
    laptop.hold("model-package")
    package(laptop, "slow")
    with pytest.raises(ClientError, match="ModelPackage already exists"):
        package(laptop, "slow")
    with pytest.raises(ClientError, match="ConflictException"):
        laptop.sm.delete_model_package(ModelPackageName="slow")
    laptop.let_go()
    made(laptop, "slow")
    laptop.sm.delete_model_package(ModelPackageName="slow")
    missing = refused(laptop.sm.describe_model_package, ModelPackageName="slow")
    assert (
        missing == "ModelPackage arn:aws:sagemaker:us-east-1:000000000000:model-package/slow does not exist."
    )


def test_a_model_of_a_package_is_isolated_and_never_serverless(laptop: Laptop) -> None:
    package(laptop, "walled")
    made(laptop, "walled")
    with pytest.raises(ClientError, match="EnableNetworkIsolation must be set to true"):
        model(laptop, "walled", isolated=False)
    with pytest.raises(ClientError, match="either ModelPackageName, or Image"):
        model(laptop, "walled", Image="registry/other:1")
    model(laptop, "walled")
    variant = {"VariantName": "v", "ModelName": "walled"}
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    create = laptop.sm.create_endpoint_config
    for kind, message in (
        (serverless, "Serverless Inference does not support AWS Marketplace"),
        ({"InstanceType": "ml.g4dn.xlarge", "InitialInstanceCount": 1}, "ml.g4dn.xlarge is not supported"),
    ):
        asked = {"EndpointConfigName": "walled", "ProductionVariants": [{**variant, **kind}]}
        assert message in refused(create, **asked)


def test_an_endpoint_on_instances_does_not_become_serverless_but_the_other_way_goes(laptop: Laptop) -> None:
    laptop.make_endpoint("turning")
    laptop.make_model("turned")
    variant = {"VariantName": "v", "ModelName": "turned", "InitialInstanceCount": 1, "InstanceType": TYPE}
    laptop.sm.create_endpoint_config(EndpointConfigName="turned", ProductionVariants=[variant])
    laptop.sm.update_endpoint(EndpointName="turning", EndpointConfigName="turned")
    assert laptop.settled("turning")["EndpointConfigName"] == "turned"
    words = refused(laptop.sm.update_endpoint, EndpointName="turning", EndpointConfigName="turning")
    assert "cannot become serverless" in words


def test_the_programs_are_held_to_the_contract() -> None:
    asked = marketplace.for_our_programs({"HyperParameters": {"factors": "8"}})["HyperParameters"]
    assert asked["factors"] == "8"
    assert asked["iterations"] == "100"
    assert (asked["refit"], asked["marketplace_twin"], asked["algorithm"]) == (
        "false",
        "true",
        "implicit-bpr",
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [("p@k(10)=0.25", 0.25), ("metric: p@k(10) = 0.5", 0.5), ("metric: epoch_p@k(10) = 0.9", None),
     ("metric: p@k(10)_in_sample = 0.9", None)],
)  # fmt: skip
def test_only_the_algorithms_own_metric_is_read(line: str, value: float | None) -> None:
    scanner = MetricScanner([marketplace.METRIC])
    scanner.read(line)
    assert [each["Value"] for each in scanner.final()] == ([] if value is None else [value])
