import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_sagemaker.laptop import BUCKET, Laptop


def start(laptop: Laptop, name: str, model: str | None = None, **changes: Any) -> None:
    request = {
        "TransformJobName": name,
        "ModelName": model or name,
        "BatchStrategy": "SingleRecord",
        "MaxConcurrentTransforms": 4,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/in/"}},
            "ContentType": "application/json",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{BUCKET}/{name}/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }
    laptop.sm.create_transform_job(**request)


def lines(*questions: dict[str, Any]) -> str:
    return "".join(json.dumps(question) + "\n" for question in questions)


def test_a_thousand_lines_keep_their_order(laptop: Laptop) -> None:
    laptop.make_model("customers")
    laptop.put("customers/in/all.jsonl", lines(*({"user_id": str(n), "top_n": "3"} for n in range(1000))))

    start(laptop, "customers")

    job = laptop.transformed("customers")
    assert job["TransformJobStatus"] == "Completed"
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    rows = [row.split(",") for row in laptop.get("customers/out/all.jsonl.out").decode().splitlines()]
    assert [row[0] for row in rows] == [str(n) for n in range(1000) for _ in range(3)]
    assert rows[0] == ["0", "item-0", "1.000"]


def test_every_object_has_its_place_and_blank_answers_none(laptop: Laptop) -> None:
    laptop.make_model("places")
    laptop.put("places/in/deep/a+b c.jsonl", lines({"user_id": "1"}, {"user_id": "2", "top_n": "0"}))
    laptop.put("places/in/b.jsonl", lines({"user_id": "3", "top_n": "1"}) + "\r\n")

    start(laptop, "places")

    assert laptop.transformed("places")["TransformJobStatus"] == "Completed"
    assert laptop.get("places/out/deep/a+b c.jsonl.out") == b"1,item-0,1.000\n1,item-1,0.500\n"
    assert laptop.get("places/out/b.jsonl.out") == b"3,item-0,1.000\n"


def test_one_object_named_in_full(laptop: Laptop) -> None:
    laptop.make_model("single")
    laptop.put("single/in/a.jsonl", lines({"user_id": "1", "top_n": "1"}))
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/single/in/a.jsonl"}

    start(laptop, "single", TransformInput={"DataSource": {"S3DataSource": source}, "SplitType": "Line"})

    assert laptop.transformed("single")["TransformJobStatus"] == "Completed"
    assert laptop.get("single/out/a.jsonl.out") == b"1,item-0,1.000\n"


def test_many_records_travel_together(laptop: Laptop) -> None:
    laptop.make_model("packed")
    laptop.put("packed/in/a.jsonl", lines(*({"user_id": str(n), "top_n": "1"} for n in range(100))))

    start(laptop, "packed", BatchStrategy="MultiRecord", MaxPayloadInMB=1)

    assert laptop.transformed("packed")["TransformJobStatus"] == "Completed"
    assert len(laptop.get("packed/out/a.jsonl.out").splitlines()) == 100


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "ClientError: See job logs"), (500, "AlgorithmError: See job logs")],
)
def test_one_bad_answer_fails_the_job(laptop: Laptop, status: int, reason: str) -> None:
    name = f"bad-{status}"
    laptop.make_model(name)
    laptop.put(f"{name}/in/a.jsonl", lines({"user_id": "1"}, {"user_id": "2", "status": status}))

    start(laptop, name)

    job = laptop.transformed(name)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(reason)
    assert f"{status}: no such user" in job["FailureReason"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        laptop.get(f"{name}/out/a.jsonl.out")


def test_a_container_that_does_not_come_up_fails_the_job(laptop: Laptop) -> None:
    laptop.make_model("sick", BREAK="1")
    laptop.put("sick/in/a.jsonl", lines({"user_id": "1"}))

    start(laptop, "sick")

    assert "did not pass the ping health check" in laptop.transformed("sick")["FailureReason"]


def test_missing_input_fails_the_job(laptop: Laptop) -> None:
    laptop.make_model("hungry")

    start(laptop, "hungry")

    assert laptop.transformed("hungry")["FailureReason"].startswith("ClientError: Data download failed: ")


def test_a_job_can_be_stopped_once(laptop: Laptop) -> None:
    laptop.make_model("halting")
    laptop.put("halting/in/a.jsonl", lines({"user_id": "1", "sleep": 60}))
    start(laptop, "halting")

    laptop.sm.stop_transform_job(TransformJobName="halting")

    assert laptop.transformed("halting")["TransformJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="the transform job is in status Stopped"):
        laptop.sm.stop_transform_job(TransformJobName="halting")


def test_refusals(laptop: Laptop) -> None:
    with pytest.raises(
        ClientError, match='Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/none"'
    ):
        start(laptop, "refused", model="none")
    with pytest.raises(ClientError, match="Could not find requested job with name: refused"):
        laptop.sm.describe_transform_job(TransformJobName="refused")
    with pytest.raises(ClientError, match="cannot exceed 100 MB"):
        start(laptop, "refused", MaxConcurrentTransforms=50, MaxPayloadInMB=6)
    with pytest.raises(ClientError, match="not supported"):
        start(laptop, "refused", DataProcessing={"JoinSource": "Input"})
    laptop.make_model("twice")
    start(laptop, "twice")
    with pytest.raises(ClientError, match=r"ResourceInUse.*transform-job/twice"):
        start(laptop, "twice")
