import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.local_sagemaker.laptop import BUCKET, ROOT, Laptop, client, wait_until

TRAINING = "SageMaker Training Job State Change"
TRANSFORM = "SageMaker Transform Job State Change"
TUNING = "SageMaker HyperParameter Tuning Job State Change"
ENDPOINT = "SageMaker Endpoint State Change"
Event = dict[str, Any]


class Listener:
    """Everything that a rule lets through to a queue, in the order it came."""

    def __init__(self, laptop: Laptop, name: str = "state-changes") -> None:
        self._events, self._sqs = client("events", laptop.aws), client("sqs", laptop.aws)
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        self._sqs.set_queue_attributes(
            QueueUrl=self._url,
            Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})},
        )
        pattern = {"source": ["aws.sagemaker", "retailrec.sagemaker"]}
        self._events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        self.heard: list[Event] = []
        self.sent: dict[str, float] = {}  # milliseconds, by an event's id

    def of(self, name: str) -> list[Event]:
        """Events of one resource, so far."""
        asked = {"QueueUrl": self._url, "MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
        while messages := self._sqs.receive_message(**asked).get("Messages", []):
            for message in messages:
                event = json.loads(message["Body"])
                self.heard.append(event)
                self.sent[event["id"]] = float(message["Attributes"]["SentTimestamp"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self.heard if event["resources"][0].endswith(f"/{name}")]

    def until(self, name: str, member: str, *statuses: str) -> list[Event]:
        """Wait until a resource's events show some statuses, in any order."""
        wait_until(lambda: {event["detail"].get(member) for event in self.of(name)} >= set(statuses))
        return self.of(name)


@pytest.fixture(scope="module")
def _listener(_laptop: Laptop) -> Iterator[Listener]:
    listener = Listener(_laptop)
    yield listener
    client("events", _laptop.aws).remove_targets(Rule="state-changes", Ids=["queue"])


@pytest.fixture
def listener(_listener: Listener, laptop: Laptop) -> Listener:
    return _listener


def statuses(events: list[Event], member: str) -> list[str]:
    """Statuses in the order of the events' own times; SQS queues keep none."""
    return [
        event["detail"][member]
        for event in sorted(events, key=lambda event: event["detail"]["LastModifiedTime"])
    ]


def test_a_training_job_emits_an_event_for_each_step(laptop: Laptop, listener: Listener) -> None:
    before = datetime.now(UTC).timestamp() * 1000
    laptop.train("events", Tags=[{"Key": "run", "Value": "7"}])

    events = listener.until("events", "SecondaryStatus", "Completed")

    assert {event["detail-type"] for event in events} == {TRAINING}
    assert {event["source"] for event in events} == {"retailrec.sagemaker"}
    steps = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    wait_until(lambda: len(listener.of("events")) == len(steps))
    assert sorted(statuses(listener.of("events"), "SecondaryStatus")) == sorted(steps)
    (last,) = [event for event in events if event["detail"]["TrainingJobStatus"] == "Completed"]
    detail = last["detail"]
    assert last["resources"] == [detail["TrainingJobArn"]]
    assert detail["TrainingJobName"] == "events"
    assert detail["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/models/events/output/model.tar.gz"
    assert detail["HyperParameters"] == {"behaviour": "work"}
    assert detail["AlgorithmSpecification"]["TrainingImage"] == "registry/recommender:1"
    assert detail["Tags"] == {"run": "7"}
    assert before - 1 <= detail["CreationTime"] <= detail["TrainingEndTime"] == detail["LastModifiedTime"]


def test_the_event_of_a_failed_job_holds_the_reason(laptop: Laptop, listener: Listener) -> None:
    laptop.train("events-why", "fail")

    events = listener.until("events-why", "TrainingJobStatus", "Failed")

    (failed,) = [event for event in events if event["detail"]["TrainingJobStatus"] == "Failed"]
    assert failed["detail"]["FailureReason"].startswith("AlgorithmError: ")


def test_a_transform_job_emits_an_event_at_its_end(laptop: Laptop, listener: Listener) -> None:
    laptop.make_model("events-batch")
    laptop.put("events-batch/in/a.jsonl", '{"user_id": "1"}\n')
    laptop.sm.create_transform_job(
        TransformJobName="events-batch",
        ModelName="events-batch",
        TransformInput={
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/events-batch/in/"}
            }
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/events-batch/out/"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )

    events = listener.until("events-batch", "TransformJobStatus", "InProgress", "Completed")

    assert {event["detail-type"] for event in events} == {TRANSFORM}
    assert {event["detail"]["TransformJobStatus"] for event in events} == {"InProgress", "Completed"}
    assert events[0]["detail"]["ModelName"] == "events-batch"


def test_an_endpoints_events_have_their_own_spelling(laptop: Laptop, listener: Listener) -> None:
    laptop.make_endpoint("events-live")
    laptop.make_config("events-live-2")
    laptop.sm.update_endpoint(EndpointName="events-live", EndpointConfigName="events-live-2")
    laptop.settled("events-live")

    wait_until(lambda: len(listener.of("events-live")) == 4)

    events = listener.of("events-live")
    assert {event["detail-type"] for event in events} == {ENDPOINT}
    assert sorted(statuses(events, "EndpointStatus")) == ["CREATING", "IN_SERVICE", "IN_SERVICE", "UPDATING"]
    in_service = [event["detail"] for event in events if event["detail"]["EndpointStatus"] == "IN_SERVICE"]
    assert {detail["EndpointConfigName"] for detail in in_service} == {"events-live", "events-live-2"}
    assert isinstance(in_service[0]["CreationTime"], int)


def test_events_are_lost_doubled_and_late_on_demand(laptop: Laptop, listener: Listener) -> None:
    running = {"StatusEquals": "InProgress"}
    wait_until(lambda: not laptop.sm.list_training_jobs(**running)["TrainingJobSummaries"])  # of other tests
    laptop.admin(
        "POST",
        "/_faults",
        [
            {"fault": "event", "action": "drop", "detail_type": TRAINING, "status": "Completed"},
            {"fault": "event", "action": "duplicate", "detail_type": TRAINING, "status": "Failed"},
        ],
    )
    laptop.train("events-lost")
    laptop.trained("events-lost")
    laptop.train("events-twice", "fail")
    laptop.trained("events-twice")

    def failures() -> list[Event]:
        return [e for e in listener.of("events-twice") if e["detail"]["TrainingJobStatus"] == "Failed"]

    wait_until(lambda: len(failures()) == 2)
    assert "Completed" not in statuses(listener.of("events-lost"), "TrainingJobStatus")

    laptop.admin(
        "POST", "/_faults", {"fault": "event", "action": "delay", "seconds": 1.0, "status": "Stopped"}
    )
    laptop.train("events-late", "hang")
    laptop.sm.stop_training_job(TrainingJobName="events-late")
    laptop.trained("events-late")
    events = listener.until("events-late", "TrainingJobStatus", "Stopped")
    (late,) = [event for event in events if event["detail"]["TrainingJobStatus"] == "Stopped"]
    assert listener.sent[late["id"]] - late["detail"]["TrainingEndTime"] >= 1000


def test_a_tuning_jobs_events_have_the_shape_of_aws(laptop: Laptop, listener: Listener) -> None:
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    laptop.tune("events-tuning", config={"ResourceLimits": limits, "TrainingJobEarlyStoppingType": "Auto"})
    status = "HyperParameterTuningJobStatus"
    heard = listener.until("events-tuning", status, "InProgress", "Completed")
    changes = [event for event in heard if event["detail-type"] == TUNING]
    assert sorted(event["detail"][status] for event in changes) == ["Completed", "InProgress"]
    (detail,) = [event["detail"] for event in changes if event["detail"][status] == "Completed"]
    example = json.loads((ROOT / "events/tuning-job-completed.json").read_text())["detail"]
    assert set(detail) == set(example)
    assert set(detail["BestTrainingJob"]) >= set(example["BestTrainingJob"])
    assert set(detail["HyperParameterTuningJobConfig"]) >= set(example["HyperParameterTuningJobConfig"])
    assert detail["HyperParameterTuningEndTime"] >= detail["CreationTime"] > 1_600_000_000_000
