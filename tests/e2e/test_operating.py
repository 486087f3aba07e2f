"""Operators' commands, the uploader's role and the failures' topic on the deployed stack."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from retailrec.cli.verbs import app
from retailrec.client.dropping import Drop, await_run
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from tests.e2e.conftest import ROWS, drop, fault, follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PATIENCE = 600.0


def retailrec(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def await_(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.2)
    raise TimeoutError(what)


def ended(stack: Stack, run_id: str, *statuses: RunStatus) -> Run | None:
    run = stack.ledger().get(run_id)
    return run if run and run.status in statuses else None


def as_user(stack: Stack, key: dict[str, str], service: str) -> Any:
    assert stack.cloud is not None
    session: Any = boto3.Session(
        key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken"), region_name="us-east-1"
    )
    path = Config(s3={"addressing_style": "path"}, proxies={})
    return session.client(service, endpoint_url=stack.cloud.aws_url, config=path)


@pytest.fixture(scope="module")
def administrator(stack: Stack) -> dict[str, str]:
    """A person who may do everything that IAM can allow."""
    iam = stack.aws("iam")
    iam.create_user(UserName="administrator")
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(
        UserName="administrator", PolicyName="everything", PolicyDocument=json.dumps(everything)
    )
    key: dict[str, str] = iam.create_access_key(UserName="administrator")["AccessKey"]
    return key


def test_an_administrator_drops_by_the_uploaders_role_and_not_without(
    stack: Stack, live_run: Run, administrator: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        as_user(stack, administrator, "s3").put_object(
            Bucket=stack.output("RawBucket"), Key="x.csv", Body=b"x"
        )
    given = as_user(stack, administrator, "sts").assume_role(
        RoleArn=stack.output("UploaderRole"), RoleSessionName="test"
    )["Credentials"]
    uploader = as_user(stack, given, "s3")
    etag = uploader.put_object(Bucket=stack.output("RawBucket"), Key="by-role.csv", Body=b"a,b\n1,2\n")[
        "ETag"
    ]
    known = frozenset(run.run_id for run in stack.ledger().runs())
    run = follow(stack, Drop("by-role.csv", etag.strip('"'), known - {_of(stack, "by-role.csv")}))
    assert run.status is RunStatus.REJECTED
    refusals: list[Callable[[], Any]] = [
        lambda: uploader.get_object(Bucket=stack.output("RawBucket"), Key="by-role.csv"),
        lambda: uploader.list_objects_v2(Bucket=stack.output("RawBucket")),
        lambda: uploader.delete_object(Bucket=stack.output("RawBucket"), Key="by-role.csv"),
        lambda: uploader.put_object(Bucket=stack.output("DataBucket"), Key="runs/x", Body=b"x"),
    ]
    for refused in refusals:
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


def _of(stack: Stack, key: str) -> str:
    return next((run.run_id for run in stack.ledger().runs() if run.upload.key == key), "")


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd.csv",
        "..%2F..%2Fa b+c.csv",
        "käse/東京 ☃.csv",
        "/".join("k" * 99 for _ in range(10)) + "/" + "é" * 10 + ".csv",
    ],
    ids=["dots", "encoded", "unicode", "1,024 bytes"],
)
def test_a_key_is_a_name_and_never_a_path(stack: Stack, live_run: Run, tmp_path: Path, key: str) -> None:
    assert len(key.encode()) <= 1024
    if "k" * 99 in key:
        assert len(key.encode()) == 1024
    bad = tmp_path / "bad.csv"
    bad.write_text(f"name,age\nA,{len(key)}\n")
    run = follow(stack, drop(stack, bad, key))
    assert (run.upload.key, run.status) == (key, RunStatus.REJECTED)
    assert re.fullmatch("[0-9a-f]{16}", run.run_id)
    written = stack.s3().list_objects_v2(Bucket=stack.output("DataBucket")).get("Contents", [])
    assert all(thing["Key"].startswith("runs/") and ".." not in thing["Key"] for thing in written)


def test_a_failure_is_published_with_its_reason_and_the_next_step(
    stack: Stack, live_run: Run, tmp_path: Path
) -> None:
    sqs, sns = stack.aws("sqs"), stack.aws("sns")
    url = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": allowed | {"Resource": arn}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=stack.output("FailuresTopic"), Protocol="sqs", Endpoint=arn)
    bad = tmp_path / "bad.csv"
    bad.write_text("name,age\nA,99\n")
    run = follow(stack, drop(stack, bad, "refused.csv"))

    def next_failure() -> dict[str, str] | None:
        """Read the next failure message of this run; those of earlier runs may still arrive."""
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        found = [json.loads(json.loads(message["Body"])["Message"]) for message in messages]
        return next((each for each in found if each["run"] == run.run_id), None)

    message = await_(next_failure)
    assert (message["event"], message["stage"]) == ("DatasetRejected", "prepare")
    assert message["reason"] == run.outcome.reason
    assert "retailrec drop FILE" in message["next_step"]
    assert f"--stack {stack.name}" in message["on_aws"]


def test_a_run_is_stopped_retried_and_rolled_back(
    stack: Stack, live_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_before = live_run.run_id
    file = tmp_path / "next.csv"
    write(file, Shape.of_rows(ROWS), seed=21)
    # It must not be live before it is stopped.
    fault(stack, fault="slow", kind="training-job", seconds=PATIENCE)
    try:
        run_id = await_run(stack, drop(stack, file)).run.run_id
        await_(lambda: ended(stack, run_id, RunStatus.TRAINING))
        stopped = retailrec("stop", run_id)
        assert stopped.exit_code == 0, stopped.output
        assert ended(stack, run_id, RunStatus.FAILED)
    finally:
        fault(stack, "DELETE")
    assert "is already stopped" in " ".join(retailrec("stop", run_id).output.split())
    assert stack.ledger().pointer("live") == live_before
    retried = retailrec("retry", run_id)
    assert retried.exit_code == 0, retried.output
    final = await_(lambda: ended(stack, run_id, RunStatus.LIVE, RunStatus.MODEL_REJECTED, RunStatus.FAILED))
    assert final.status is RunStatus.LIVE, final.reason
    jobs = stack.sagemaker().list_training_jobs(NameContains=run_id)["TrainingJobSummaries"]
    assert len(jobs) == len({job["TrainingJobName"] for job in jobs}) <= 2
    back = retailrec("rollback", live_before)
    assert back.exit_code == 0, back.output
    assert stack.ledger().pointer("live") == live_before
    await_(lambda: stack.api().recommendations("13085", 1).run_id == live_before)
    assert retailrec("rollback", live_before).exit_code == 0  # it is live already
    endpoint, wanted = stack.output("EndpointName"), names.serverless_name(f"{stack.name}-", live_before)
    await_(
        lambda: (
            stack.sagemaker()
            .describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
            .startswith(wanted)
        )
    )


def test_dead_letters_go_back_to_their_function(stack: Stack, live_run: Run) -> None:
    url = stack.output("DeadLetters")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{stack.name}-start-training"
    detail = {"version": "1", "run_id": "f" * 16, "interactions": 1, "customers": 1, "items": 1}
    letter = {
        "requestContext": {"functionArn": arn, "condition": "RetriesExhausted"},
        "requestPayload": {"detail": detail},
    }
    sqs = stack.aws("sqs")
    sqs.purge_queue(QueueUrl=url)  # of what other tests made fail
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(letter))
    sqs.send_message(QueueUrl=url, MessageBody="of unknown origin")
    result = retailrec("redrive")
    said = " ".join(result.output.split())
    assert result.exit_code == 1, said
    assert f"{stack.name}-start-training 1" in said
    assert "(left in the queue) 1" in said
    assert "its origin is not recorded" in said
    await_(lambda: "nothing to train" in retailrec("logs", "--limit", "400").output)
    sqs.purge_queue(QueueUrl=url)


def test_the_logs_of_a_run_name_no_customer(stack: Stack, live_run: Run) -> None:
    """Customer ids are five digits here: none stands alone in any line, of pipeline or API."""
    for customer in ("13085", "17519"):
        stack.api().recommendations(customer, 5)
        stack.api().purchases(customer, 5)
    bucket, key = stack.output("DataBucket"), names.run_key(live_run.run_id, names.BATCH_INPUT_JSONL)
    body = stack.s3().get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    customers = {json.loads(line)["user_id"] for line in body.splitlines()}
    assert {"13085", "17519"} <= customers
    pages = stack.logs().get_paginator("filter_log_events").paginate(logGroupName=stack.log_group)
    # What Lambda itself bills is in milliseconds, which may look like any customer.
    lines = [
        re.sub(r"Billed Duration: \d+ ms", "", event["message"]) for page in pages for event in page["events"]
    ]
    assert len(lines) > 50
    for function in ("prepare-dataset", "approve-model", "publish-recommendations"):
        assert any(function in line for line in lines)
    leaks = [line for line in lines if customers & set(re.findall(r"(?<![\w.:-])\d{5}(?![\w.:-])", line))]
    assert leaks == []
