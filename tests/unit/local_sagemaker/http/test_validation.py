from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.sagemaker.errors import ServiceError
from local.sagemaker.http import service_model, validation
from local.sagemaker.http.control import OPERATIONS
from local.sagemaker.http.patterns import compiled, matches

TRAINING: dict[str, Any] = {
    "TrainingJobName": "run-1",
    "RoleArn": "arn:aws:iam::000000000000:role/sagemaker",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def complaint(operation: str, request: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        validation.check(service_model.operation(operation).input_shape, request)
    assert caught.value.code == "ValidationException"
    assert caught.value.status == 400
    return caught.value.message


def test_a_right_request_passes() -> None:
    validation.check(service_model.operation("CreateTrainingJob").input_shape, TRAINING)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"TrainingJobName": "run_1"},
            "1 validation error detected: Value 'run_1' at 'trainingJobName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        ({"TrainingJobName": "a" * 64}, "Member must have length less than or equal to 63"),
        ({"TrainingJobName": "run-1\n"}, "Member must satisfy regular expression pattern"),
        (
            {"TrainingJobName": 7},
            "Value '7' at 'trainingJobName' failed to satisfy constraint: Member must be",
        ),
        ({"RoleArn": None}, "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"),
        ({"Colour": "red"}, "Value 'red' at 'colour' failed to satisfy constraint: Member is not known"),
        ({"EnableNetworkIsolation": "true"}, "Member must be of type boolean"),
        ({"HyperParameters": {"factors": 100}}, "at 'hyperParameters.factors.value' failed"),
        ({"HyperParameters": {"k" * 300: "1"}}, "at 'hyperParameters.key' failed"),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "Slow"}},
            "at 'algorithmSpecification.trainingInputMode' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Pipe, File, FastFile]",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
            "at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must have value",
        ),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, "Member must be of type integer"),
        (
            {"InputDataConfig": [{"ChannelName": "training"}]},
            "at 'inputDataConfig.1.member.dataSource' failed",
        ),
        ({"Tags": [{"Key": "a#b", "Value": ""}]}, "at 'tags.1.member.key' failed"),
    ],
)
def test_an_invalid_request_is_answered_with_what_and_where(changes: dict[str, Any], message: str) -> None:
    assert message in complaint("CreateTrainingJob", TRAINING | changes)


def test_all_errors_come_at_once() -> None:
    message = complaint("CreateEndpoint", {"EndpointName": "-"})
    assert message.startswith("2 validation errors detected: ")


def test_a_request_is_an_object() -> None:
    assert "Member must be of type structure" in complaint("ListModels", [])


def test_tags_may_be_of_any_script() -> None:
    pattern = service_model.service().shape_for("TagValue").metadata["pattern"]
    assert matches(pattern, "Größe: 12 µm/日本")
    assert not matches(pattern, "a#b")


def patterns_of(shape: Shape | None, seen: set[str]) -> set[str]:
    if shape is None or shape.name in seen:
        return set()
    seen.add(shape.name)
    found = {shape.metadata["pattern"]} if "pattern" in shape.metadata else set()
    below: list[Shape] = []
    if isinstance(shape, StructureShape):
        below = list(shape.members.values())
    elif isinstance(shape, ListShape):
        below = [shape.member]
    elif isinstance(shape, MapShape):
        below = [shape.key, shape.value]
    return found.union(*(patterns_of(each, seen) for each in below))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_pattern_of_every_operation_compiles(name: str) -> None:
    for pattern in patterns_of(service_model.operation(name).input_shape, set()):
        assert compiled(pattern)
