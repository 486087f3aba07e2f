"""What the local SageMaker sends to CloudWatch, if the execution role may: logs and metrics."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, client, wait_until

S3 = {"s3:ListBucket": "*", "s3:GetObject": "*", "s3:PutObject": "*"}
GROUPS = "/aws/sagemaker"
WRITES = {
    "logs:CreateLogStream": f"arn:aws:logs:*:*:log-group:{GROUPS}/*",
    "logs:PutLogEvents": f"arn:aws:logs:*:*:log-group:{GROUPS}/*",
    "cloudwatch:PutMetricData": "*",
}


@pytest.fixture(scope="module")
def logging_role(_laptop: Laptop) -> str:
    return _laptop.make_role("may-log", S3 | WRITES)


def streams(laptop: Laptop, group: str, prefix: str) -> dict[str, list[str]]:
    """Return the lines of each stream."""
    logs = client("logs", laptop.aws)
    try:
        found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return {}
    return {
        name: [
            event["message"]
            for event in logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)[
                "events"
            ]
        ]
        for name in (stream["logStreamName"] for stream in found)
    }


def test_what_a_training_program_says(laptop: Laptop, logging_role: str) -> None:
    group = f"{GROUPS}/TrainingJobs"
    laptop.train("cloudwatch", RoleArn=logging_role)
    laptop.train("no-cloudwatch")
    assert laptop.trained("cloudwatch")["TrainingJobStatus"] == "Completed"
    assert laptop.trained("no-cloudwatch")["TrainingJobStatus"] == "Completed"
    ((name, lines),) = streams(laptop, group, "cloudwatch/").items()
    assert name.startswith("cloudwatch/algo-1-")
    assert lines == ["behaviour work", "epoch=1 p@k(10)=0.15", "epoch=2 p@k(10)=0.25", "loss: 1.5e-3"]
    assert streams(laptop, group, "no-cloudwatch/") == {}


def test_every_value_of_a_training_jobs_metrics(laptop: Laptop, logging_role: str) -> None:
    laptop.train("measured", RoleArn=logging_role)
    laptop.train("unmeasured")

    def sums(name: str) -> dict[str, Any]:
        job = laptop.trained(name)
        cloudwatch = client("cloudwatch", laptop.aws)
        found = {}
        for metric in ("p@k(10)", "loss"):
            points = cloudwatch.get_metric_statistics(
                Namespace=f"{GROUPS}/TrainingJobs", MetricName=metric,
                Period=60, Statistics=["Sum", "SampleCount"],
                Dimensions=[{"Name": "TrainingJobName", "Value": name}],
                StartTime=job["TrainingStartTime"], EndTime=job["TrainingEndTime"] + timedelta(minutes=1),
            )["Datapoints"]  # fmt: skip
            found[metric] = [round(sum(p["Sum"] for p in points), 4), sum(p["SampleCount"] for p in points)]
        return found

    assert sums("measured") == {"p@k(10)": [0.4, 2], "loss": [0.0015, 1]}
    assert sums("unmeasured") == {"p@k(10)": [0, 0], "loss": [0, 0]}


def test_what_a_serving_program_says_for_a_transform_job(laptop: Laptop, logging_role: str) -> None:
    laptop.make_model("cloudwatch-batch", role=logging_role)
    given = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/cloudwatch-batch/in/"}
    laptop.put("cloudwatch-batch/in/all.jsonl", '{"user_id": "1", "top_n": "3"}\n')
    laptop.sm.create_transform_job(
        TransformJobName="cloudwatch-batch",
        ModelName="cloudwatch-batch",
        TransformInput={
            "DataSource": {"S3DataSource": given}, "ContentType": "application/json", "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/cloudwatch-batch/out", "Accept": "text/csv"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )  # fmt: skip
    job = laptop.transformed("cloudwatch-batch")
    assert job["TransformJobStatus"] == "Completed"
    assert job["TransformOutput"]["KmsKeyId"] == ""
    ((name, lines),) = streams(laptop, f"{GROUPS}/TransformJobs", "cloudwatch-batch/").items()
    assert name.startswith("cloudwatch-batch/i-")
    assert any("serving as" in line for line in lines)


def test_what_a_serving_program_says_for_an_endpoint(laptop: Laptop, logging_role: str) -> None:
    laptop.make_config("cloudwatch-live", role=logging_role)
    laptop.sm.create_endpoint(EndpointName="cloudwatch-live", EndpointConfigName="cloudwatch-live")
    assert laptop.settled("cloudwatch-live")["EndpointStatus"] == "InService"
    found = wait_until(lambda: streams(laptop, f"{GROUPS}/Endpoints/cloudwatch-live", "run-cloudwatch-live/"))
    ((_, lines),) = found.items()
    assert any("serving as" in line for line in lines)
