import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, wait_until

MARKETPLACE = (
    "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
)


def model_of(laptop: Laptop, name: str) -> Any:
    packed = io.BytesIO(laptop.get(f"models/{name}/output/model.tar.gz"))
    with tarfile.open(fileobj=packed) as tar:
        member = tar.extractfile("model.json")
        assert member
        return json.load(member)


def refusal(laptop: Laptop, request: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        laptop.sm.create_training_job(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_job_downloads_trains_uploads_and_emits_events(laptop: Laptop) -> None:
    laptop.put("whole/train/deep/part2.csv", "user_id,item_id\n1,2\n")
    laptop.train("whole", "write")

    job = laptop.trained("whole")

    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert all(each["StartTime"] <= each["EndTime"] for each in job["SecondaryStatusTransitions"])
    assert {each["MetricName"]: each["Value"] for each in job["FinalMetricDataList"]} == {
        "p@k(10)": 0.25,
        "loss": 0.0015,
    }
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"] >= 1
    artifact = f"s3://{BUCKET}/models/whole/output/model.tar.gz"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == artifact
    assert laptop.get("models/whole/output/output.tar.gz")


def test_the_program_meets_what_a_container_meets(laptop: Laptop) -> None:
    laptop.put("inside/train/deep/part2.csv", "user_id,item_id\n1,2\n")
    laptop.train("inside", Environment={"MINE": "yes"})
    laptop.trained("inside")

    model = model_of(laptop, "inside")

    assert model["files"] == {
        "training/deep/part2.csv": "user_id,item_id\n1,2\n",
        "training/part 1+a.csv": "user_id,item_id\n13085,85048\n",
    }
    assert model["hyperparameters"] == {"behaviour": "work"}
    assert model["channels"]["training"] == {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        "ContentType": "text/csv",
    }
    assert {"MINE", "TRAINING_JOB_NAME", "SAGEMAKER_BASE_DIR"} <= set(model["seen"])
    assert not [name for name in model["seen"] if name.startswith("AWS_") and name != "AWS_REGION"]


def test_output_is_kept_as_a_log(laptop: Laptop) -> None:
    laptop.train("logged")
    laptop.trained("logged")

    log = laptop.admin("GET", "/_logs/training-job/logged")

    assert "epoch=2 p@k(10)=0.25" in log
    assert "loss: 1.5e-3" in log


def test_a_log_is_read_while_it_grows(laptop: Laptop) -> None:
    laptop.train("chatting", "chat")

    wait_until(lambda: "line 19999\n" in laptop.admin("GET", "/_logs/training-job/chatting"))


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("fail", "AlgorithmError: The training channel is empty., exit code: 3"),
        ("crash", "AlgorithmError: See the log of the training job, exit code: 137"),
    ],
)
def test_a_program_that_fails_fails_the_job(laptop: Laptop, behaviour: str, reason: str) -> None:
    laptop.train(f"broken-{behaviour}", behaviour)

    job = laptop.trained(f"broken-{behaviour}")

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == reason
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == ""


def test_missing_input_fails_the_job(laptop: Laptop) -> None:
    laptop.sm.create_training_job(**laptop.training_request("no-input"))

    job = laptop.trained("no-input")

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: ")
    assert f"s3://{BUCKET}/no-input/train/" in job["FailureReason"]


def test_a_stopped_job_keeps_what_it_saved(laptop: Laptop) -> None:
    laptop.train("halted", "hang")
    wait_until(lambda: "hanging" in laptop.admin("GET", "/_logs/training-job/halted"))

    laptop.sm.stop_training_job(TrainingJobName="halted")
    laptop.sm.stop_training_job(TrainingJobName="halted")

    job = laptop.trained("halted")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert model_of(laptop, "halted") == {"stopped": True}
    with pytest.raises(ClientError, match="the training job is in status Stopped"):
        laptop.sm.stop_training_job(TrainingJobName="halted")


def test_a_job_out_of_time_is_stopped(laptop: Laptop) -> None:
    laptop.train("late", "hang", StoppingCondition={"MaxRuntimeInSeconds": 2})

    job = laptop.trained("late")

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    # On a busy machine the time may be over before the program is ready for its end.
    if "hanging" in laptop.admin("GET", "/_logs/training-job/late"):
        assert model_of(laptop, "late") == {"stopped": True}


def test_a_job_name_is_spent_for_ever(laptop: Laptop) -> None:
    laptop.train("once", "fail")
    laptop.trained("once")

    code, message = refusal(laptop, laptop.training_request("once"))

    assert code == "ResourceInUse"
    assert "arn:aws:sagemaker:us-east-1:000000000000:training-job/once" in message


@pytest.mark.parametrize(
    ("algorithm", "isolated", "message"),
    [
        ({"TrainingImage": "image", "AlgorithmName": MARKETPLACE}, True, "exactly one of"),
        ({}, False, "exactly one of"),
        ({"AlgorithmName": MARKETPLACE}, False, "EnableNetworkIsolation must be set to true"),
        ({"TrainingImage": "i", "MetricDefinitions": [{"Name": "m", "Regex": "(["}]}, False, "Invalid regex"),
        ({"TrainingImage": "i", "TrainingInputMode": "Pipe"}, False, "not supported"),
        ({"TrainingImage": "i", "TrainingInputMode": "Fast"}, False, "enum value set: "),
    ],
)
def test_a_wrong_algorithm_is_refused(
    laptop: Laptop, algorithm: dict[str, Any], isolated: bool, message: str
) -> None:
    specification = {"TrainingInputMode": "File", **algorithm}
    request = laptop.training_request(
        "refused", AlgorithmSpecification=specification, EnableNetworkIsolation=isolated
    )

    code, text = refusal(laptop, request)

    assert code == "ValidationException"
    assert message in text


def test_a_marketplace_algorithm_runs_in_isolation(laptop: Laptop) -> None:
    specification = {"AlgorithmName": MARKETPLACE, "TrainingInputMode": "File"}
    laptop.train(
        "bought", AlgorithmSpecification=specification, EnableNetworkIsolation=True, HyperParameters={}
    )

    job = laptop.trained("bought")

    assert job["TrainingJobStatus"] == "Completed"
    assert [each["MetricName"] for each in job["FinalMetricDataList"]] == ["p@k(10)"]


def test_what_is_not_there_is_not_described(laptop: Laptop) -> None:
    for call in (laptop.sm.describe_training_job, laptop.sm.stop_training_job):
        with pytest.raises(ClientError, match=r"ValidationException.*Requested resource not found"):
            call(TrainingJobName="nobody")


def test_jobs_are_listed_in_pages(laptop: Laptop) -> None:
    for number in range(3):
        laptop.train(f"listed-{number}", "fail")
    for number in range(3):
        laptop.trained(f"listed-{number}")

    pages = laptop.sm.get_paginator("list_training_jobs").paginate(
        NameContains="listed-", StatusEquals="Failed", PaginationConfig={"PageSize": 2}
    )

    found = [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages]
    assert found == [["listed-0", "listed-1"], ["listed-2"]]


def test_checkpoints_outlive_a_job(laptop: Laptop) -> None:
    place = {"S3Uri": f"s3://{BUCKET}/kept/checkpoints/"}
    spot = {"EnableManagedSpotTraining": True, "CheckpointConfig": place}
    condition = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120}
    for number in (1, 2):
        laptop.train(f"spot-{number}", "count", StoppingCondition=condition, **spot)
        job = laptop.trained(f"spot-{number}")

        assert job["TrainingJobStatus"] == "Completed"
        assert job["CheckpointConfig"] == place
        assert job["EnableManagedSpotTraining"] is True
        assert model_of(laptop, f"spot-{number}") == {"count": number}
        assert laptop.get("kept/checkpoints/deep/count") == str(number).encode()


def test_checkpoints_lie_where_the_job_says(laptop: Laptop) -> None:
    laptop.put("placed/old/deep/count", "7")
    config = {"S3Uri": f"s3://{BUCKET}/placed/old", "LocalPath": "/opt/ml/checkpoints"}
    laptop.train("placed", "count", CheckpointConfig=config)
    laptop.trained("placed")
    assert model_of(laptop, "placed") == {"count": 8}


def test_without_a_checkpoint_config_there_is_no_folder(laptop: Laptop) -> None:
    laptop.train("unkept", "count")
    assert laptop.trained("unkept")["TrainingJobStatus"] == "Failed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/model"}},
            "uses that folder itself",
        ),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/elsewhere"}}, "only below /opt/ml"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/../x"}}, "only below /opt/ml"),
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
        (
            {
                "EnableManagedSpotTraining": True,
                "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59},
            },
            "Invalid MaxWaitTimeInSeconds",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
            "needs EnableManagedSpotTraining",
        ),
    ],
)
def test_impossible_checkpoints_and_waits_are_refused(
    laptop: Laptop, changes: dict[str, Any], message: str
) -> None:
    code, text = refusal(laptop, laptop.training_request("refused", **changes))
    assert code == "ValidationException"
    assert message in text


def test_fast_file_mode_is_passed_on(laptop: Laptop) -> None:
    channels = laptop.training_request("fast")["InputDataConfig"]
    laptop.train("fast", InputDataConfig=[{**channels[0], "InputMode": "FastFile"}])
    laptop.trained("fast")
    assert model_of(laptop, "fast")["channels"]["training"]["TrainingInputMode"] == "FastFile"
