"""Operators' commands as people type them: what they say, and what they refuse."""

import json
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.commands import operate as operate_commands
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_pipeline import FakePipeline
from tests.integration.command.fake_server import FakeServer
from tests.unit.command.runs import make_run

RUN = "0123456789abcdef"


@pytest.fixture
def book(stack: FakeServer) -> Ledger:
    boto3.client("events").create_event_bus(Name="bus")
    return Ledger("ledger", boto3.client("dynamodb"))


def ended_as(book: Ledger, status: RunStatus, **fields: Any) -> None:
    book.open_run(make_run(RUN, RunStatus.PREPARING))
    ways = {
        RunStatus.FAILED: [],
        RunStatus.REJECTED: [],
        RunStatus.MODEL_REJECTED: [RunStatus.PREPARED, RunStatus.TRAINING],
    }
    for way in ways[status]:
        book.move(RUN, way)
    book.move(RUN, status, **fields)


def test_a_retry_is_confirmed_and_a_second_one_does_nothing_more(book: Ledger, retailrec: Invoke) -> None:
    ended_as(book, RunStatus.FAILED, failed_stage="prepare", reason="why")
    first = retailrec("retry", RUN[:6], "--stack", "shop")
    assert first.exit_code == 0, first.output
    assert f"Run {RUN} continues from stage prepare" in words(first.output)
    again = retailrec("retry", RUN, "--stack", "shop")
    assert again.exit_code == 0
    assert f"Run {RUN} is preparing already again" in words(again.output)
    found = book.get(RUN)
    assert found is not None
    assert found.attempt(Stage.PREPARE) == 2


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [
        ("retry", RunStatus.REJECTED, "correct it and drop it again"),
        ("retry", RunStatus.MODEL_REJECTED, f"retailrec approve {RUN}"),
        ("stop", RunStatus.FAILED, "there is nothing to stop"),
        ("approve", RunStatus.FAILED, "only a run whose model the quality gate rejected"),
    ],
)
def test_what_does_not_apply_is_refused_with_a_sentence(
    book: Ledger, retailrec: Invoke, verb: str, status: RunStatus, said: str
) -> None:
    ended_as(book, status, reason="why", failed_stage="prepare")
    answer = retailrec(verb, RUN, "--stack", "shop")
    assert answer.exit_code == 1
    assert said in words(answer.stderr)
    found = book.get(RUN)
    assert found is not None
    assert found.status is status


def test_a_person_at_a_terminal_is_asked_and_may_say_no(
    book: Ledger, retailrec: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.open_run(make_run(RUN, RunStatus.PREPARING))
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    class Terminal:
        @staticmethod
        def isatty() -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal)
    monkeypatch.setattr(operate_commands, "confirm", no)
    with pytest.raises(Exception, match="1"):
        operate_commands.stop("shop", RUN, yes=False)
    assert asked == [f"Stop run {RUN} (sales.csv), which is at stage prepare?"]
    found = book.get(RUN)
    assert found is not None
    assert found.status is RunStatus.PREPARING
    operate_commands.stop("shop", RUN, yes=True)
    found = book.get(RUN)
    assert found is not None
    assert (found.status, found.outcome.announced) == (RunStatus.FAILED, RunStatus.FAILED)


def test_nothing_waits_in_an_empty_queue(
    book: Ledger, retailrec: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operate_commands, "queues", lambda _stack: [])
    assert "nothing to send back" in words(retailrec("redrive", "--stack", "shop").output)


class Sts:
    """STS that lets a role be assumed, or does not."""

    def __init__(self, lets: bool) -> None:
        self.lets = lets
        self.asked: list[str] = []

    def assume_role(self, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(RoleArn)
        if not self.lets:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        key = {"AccessKeyId": "ASIAUPLOADER", "SecretAccessKey": "s", "SessionToken": "t"}
        return {"Credentials": key}


@pytest.mark.parametrize("lets", [True, False])
def test_a_drop_on_aws_assumes_the_uploaders_role(stack: FakeServer, lets: bool) -> None:
    sts = Sts(lets)

    class Opened(Stack):
        def aws(self, service: str) -> Any:
            return sts if service == "sts" else super().aws(service)

    role = "arn:aws:iam::123456789012:role/shop-UploaderRole"
    opened = Opened("shop", boto3.Session(region_name="us-east-1"), {"UploaderRole": role}, {})
    if lets:
        credentials = opened.uploads()._request_signer._credentials  # type: ignore[attr-defined]
        assert credentials.access_key == "ASIAUPLOADER"
    else:
        with pytest.raises(Problem, match="UploaderPrincipalArns"):
            opened.uploads()
    assert sts.asked == [role]


def test_a_held_run_says_what_to_type(pipeline: FakePipeline, book: Ledger, retailrec: Invoke) -> None:
    ended_as(book, RunStatus.MODEL_REJECTED, reason="Too few items.", next_step=f"retailrec approve {RUN}")
    assert "Too few items." in words(retailrec("runs", "--stack", "shop").output)
    shown = words(retailrec("status", RUN, "--stack", "shop").output)
    assert f"retailrec approve {RUN}" in shown
    assert (
        json.loads(retailrec("status", RUN, "--json", "--stack", "shop").output)["status"] == "model_rejected"
    )
