"""Each documented limit refuses what is above it, and what functions and commands send is checked."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from retailrec_shared.core import aws
from tests.limits.documented import KB, LIMITS, MB, size_of_attribute
from tests.limits.requests import problems
from tests.moto_cloud import moto_cloud
from tests.plugins.requests import invalid
from tests.policies.calls import Checked


def tuning(total: int = 2, parallel: int = 1, ranges: int = 1) -> dict[str, Any]:
    searched = [{"Name": f"h{number}", "MinValue": "0", "MaxValue": "1"} for number in range(ranges)]
    limits = {"MaxNumberOfTrainingJobs": total, "MaxParallelTrainingJobs": parallel}
    return {
        "HyperParameterTuningJobConfig": {
            "ResourceLimits": limits,
            "ParameterRanges": {"ContinuousParameterRanges": searched},
        }
    }


def stopping(seconds: int, wait: int) -> dict[str, Any]:
    return {"StoppingCondition": {"MaxRuntimeInSeconds": seconds, "MaxWaitTimeInSeconds": wait}}


def serverless(count: int = 1, memory: int = KB) -> dict[str, Any]:
    return {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": memory}}] * count}


def event(**entry: Any) -> dict[str, Any]:
    return {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"} | entry]}


def item(**attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": "a", **attributes}.items()}


def writes(*keys: str) -> dict[str, Any]:
    return {"RequestItems": {"table": [{"PutRequest": {"Item": item(pk=key)}} for key in keys]}}


# By what is limited: a request with so much of it, the most that is allowed, and what is too much.
EXAMPLES: dict[str, tuple[Callable[[Any], dict[str, Any]], Any, Any]] = {
    "MB of payload of all concurrent requests": (
        lambda size: {"MaxPayloadInMB": size, "MaxConcurrentTransforms": 10}, 10, 11),
    "seconds of MaxRuntimeInSeconds": (lambda seconds: stopping(seconds, seconds), 2_419_200, 2_419_201),
    "seconds of MaxRuntimeInSeconds above MaxWaitTimeInSeconds": (
        lambda seconds: stopping(seconds, 60), 60, 61),
    "training jobs in total": (tuning, 750, 751),
    "training jobs in parallel": (lambda count: tuning(750, count), 100, 101),
    "searched hyperparameters": (lambda count: tuning(ranges=count), 30, 31),
    "MB of memory beyond steps of 1 GB": (lambda memory: serverless(memory=memory), 2_048, 2_000),
    "variants of a serverless endpoint": (serverless, 1, 2),
    "tags of AWS's own": (
        lambda key: {"Tags": [{"Key": key, "Value": ""}]}, "retailrec:stack", "aws:x"),
    "bytes of the body of a serverless endpoint": (lambda size: {"Body": b"x" * size}, 4 * MB, 4 * MB + 1),
    "bytes of an event": (
        lambda size: event(Detail='{"x":"' + "é" * size + '"}'), 128 * KB - 5, 128 * KB - 4),
    "details that are no JSON object": (lambda detail: event(Detail=detail), "{}", "[]"),
    "bytes of an item": (lambda size: {"Item": item(x="x" * size)}, 400 * KB - 4, 400 * KB - 3),
    "items written at once": (lambda count: writes(*map(str, range(count))), 25, 26),
    "bytes of a request": (
        lambda count: {
            "RequestItems": {"table": [{"PutRequest": {"Item": item(x="\U0001f600" * 100_000)}}] * count}
        }, 13, 14),
    "items written twice at once": (lambda keys: writes(*keys), "ab", "aa"),
    "items read at once": (lambda count: {"RequestItems": {"table": {"Keys": [item()] * count}}}, 100, 101),
    "bytes of a partition key": (lambda size: {"Key": item(pk="é" * size)}, 1_024, 1_025),
    "bytes of an expression": (lambda size: {"UpdateExpression": "x" * size}, 4 * KB, 4 * KB + 1),
    "bytes of a key": (lambda size: {"Key": "é" * size}, 512, 513),
    "bytes of user metadata": (lambda size: {"Metadata": {"x": "x" * size}}, 2 * KB - 1, 2 * KB),
    "objects deleted at once": (lambda count: {"Delete": {"Objects": [{}] * count}}, 1_000, 1_001),
    "bytes of a payload that is answered": (lambda size: {"Payload": b"x" * size}, 6 * MB, 6 * MB + 1),
    "characters of a subject": (lambda size: {"Subject": "x" * size}, 99, 100),
    "line ends and control characters of a subject": (lambda subject: {"Subject": subject}, "a b", "a\nb"),
}  # fmt: skip
UNTESTED = {"bytes of an object in one part"}  # 5 GB


@pytest.mark.parametrize("what", EXAMPLES)
def test_a_documented_limit_refuses_what_is_above_it_and_nothing_below(what: str) -> None:
    make, most, too_much = EXAMPLES[what]
    (limit,) = (each for each in LIMITS if each.what == what)
    assert all(measured <= limit.most for measured in limit.measure(make(most)))
    assert any(measured > limit.most for measured in limit.measure(make(too_much)))


def test_each_limit_has_an_example_and_a_source() -> None:
    assert {limit.what for limit in LIMITS} == EXAMPLES.keys() | UNTESTED
    assert all(limit.source.startswith("https://docs.aws.amazon.com/") for limit in LIMITS)


def test_an_item_is_as_large_as_dynamodb_counts() -> None:
    nested = {"M": {"ids": {"L": [{"S": "é"}, {"N": "-12.5"}]}, "no": {"NULL": True}}}
    assert size_of_attribute(nested) == 3 + (1 + 3 + (3 + (1 + 2) + (1 + 3))) + (1 + 2 + 1)


@pytest.mark.parametrize(
    ("service", "operation", "request_", "problem"),
    [
        ("sagemaker", "StopTrainingJob", {"TrainingJobName": "a_b"}, "regular expression pattern"),
        ("sagemaker", "DescribeModel", {"ModelName": "x" * 64}, "less than or equal to 63"),
        ("sagemaker", "StopTrainingJob", {}, "must not be null"),
        ("sagemaker", "DescribeModel", {"ModelName": "a", "Colour": "red"}, "not known"),
        ("events", "PutEvents", {"Entries": []}, "greater than or equal to 1"),
        ("s3", "ListObjectsV2", {"Bucket": "b", "EncodingType": "gzip"}, "enum value set"),
        (
            "sagemaker-runtime",
            "InvokeEndpoint",
            {"EndpointName": "a", "Body": b"x", "Accept": 1},
            "type string",
        ),
    ],
)
def test_botocores_model_is_checked_with_its_patterns_lengths_and_values(
    service: str, operation: str, request_: dict[str, Any], problem: str
) -> None:
    (found,) = problems(service, operation, request_)
    assert found.startswith(f"{service} {operation}: ")
    assert problem in found


class Anything:
    def stop_training_job(self, **_request: str) -> dict[str, Any]:
        return {}


def test_a_fakes_callers_are_checked() -> None:
    Checked("sagemaker", Anything()).stop_training_job(TrainingJobName="a_b")
    (found,) = invalid
    assert "sagemaker StopTrainingJob: Value 'a_b' at 'trainingJobName'" in found
    invalid.clear()  # else this test would fail, as any other


def test_what_functions_and_commands_send_with_botocore_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto_cloud():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="raw")
        bad: Any = {"Bucket": "raw", "Key": "a", "Body": b"", "Metadata": {"x": "x" * 3_000}}
        s3.put_object(**bad)
        assert invalid == [], "a test may send what it wants to see refused"
        aws.delete_if_there(lambda: s3.put_object(**bad))
    (found,) = invalid
    assert "bytes of user metadata, where 2,048 are allowed (https://docs.aws.amazon.com/" in found
    invalid.clear()
