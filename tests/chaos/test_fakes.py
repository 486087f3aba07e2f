"""The simulated AWS answers as moto does, to everything that the ledger and the functions ask."""

import random
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import endpoint_request, items, ledger, run
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from tests.chaos.lambdas import Client
from tests.chaos.services.dynamodb import DynamoDB
from tests.chaos.services.s3 import S3
from tests.integration.pipeline.conftest import cloud

__all__ = ["cloud"]
pytestmark = pytest.mark.usefixtures("cloud")
RUNS = [
    Run(
        run_id=f"{number:016x}",
        upload=Upload(
            bucket="raw", key="a", etag="e", size=1, uploaded_at=f"2026-01-0{number}T00:00:00.000Z"
        ),
        configuration={"split": "temporal"},
        status=RunStatus.APPROVED if number == 4 else RunStatus.PREPARING,
        status_at="2026-01-01T00:00:00.000Z",
    )
    for number in range(1, 5)
]


@pytest.fixture(autouse=True)
def moto_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAILREC_TABLES", "moto")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """moto's client and the simulated one, at a moment that stands still."""
    for module in (run, items, ledger):
        monkeypatch.setattr(module, "now", lambda: "2026-02-02T00:00:00.000Z")
    return boto3.client("dynamodb"), Client("dynamodb", DynamoDB())


def act(client: Any, draw: random.Random) -> Any:
    """Do something with the ledger, the same for the same draw."""
    book, one = Ledger("ledger", client), draw.choice(RUNS)
    to, stage = draw.choice(list(RunStatus)), draw.choice(list(Stage))
    until = draw.choice(["2026-02-01T00:00:00.000Z", "2026-02-03T00:00:00.000Z"])
    choices: list[Any] = [
        lambda: book.open_run(one),
        lambda: (
            book.move(one.run_id, to, reason="why", counts={"a": 1})
            if to not in (RunStatus.PREPARING, RunStatus.LIVE)
            else 0
        ),
        lambda: book.record(one.run_id, retired=True, metrics={"p": 0.25}),
        lambda: book.start_stage(one.run_id, stage),
        lambda: book.end_stage(one.run_id, stage),
        lambda: book.wait_stage(one.run_id, stage, "quota"),
        lambda: book.acquire_lease(one.run_id, until, to),
        lambda: book.release_lease(one.run_id, to),
        lambda: book.go_live(one.run_id),
        lambda: endpoint_request.record(
            one.run_id, after=draw.choice([endpoint_request.last(), endpoint_request.EndpointRequest()])
        ),
        lambda: endpoint_request.mark_accepted(endpoint_request.last()),
        lambda: [found.run_id for found in book.runs()],
    ]
    return draw.choice(choices)()


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed >= 4 else []) for seed in range(12)]
)
def test_the_ledger_cannot_tell_the_table_from_motos(
    both: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    settings.cache_clear()
    for step in range(60):
        answers = []
        for client in both:
            monkeypatch.setattr(aws, "dynamodb", lambda client=client: client)
            try:
                answers.append(act(client, random.Random(f"{seed} {step}")))  # noqa: S311 - no secret
            except ClientError as error:
                answers.append(error.response["Error"]["Code"])
        assert answers[0] == answers[1]
    held = [
        [client.get_item(TableName="ledger", Key={"pk": {"S": pk}}).get("Item") for client in both]
        for pk in ("live", "attempt", *(f"run#{each.run_id}" for each in RUNS))
    ]
    assert all(moto == simulated for moto, simulated in held)
    assert any(moto for moto, _ in held)


def test_a_cancelled_transaction_says_which_write_was_refused_and_writes_nothing(
    both: tuple[Any, Any],
) -> None:
    answers = []
    for client in both:
        Ledger("ledger", client).open_run(RUNS[0])
        writes = [
            items.move("ledger", RUNS[0].run_id, RunStatus.PREPARED, {}),
            items.move("ledger", RUNS[1].run_id, RunStatus.PREPARED, {}),
        ]
        with pytest.raises(ClientError) as refused:
            client.transact_write_items(TransactItems=[{"Update": write} for write in writes])
        reasons = refused.value.response["CancellationReasons"]
        found = Ledger("ledger", client).get(RUNS[0].run_id)
        answers.append(
            (refused.value.response["Error"]["Code"], [reason["Code"] for reason in reasons], found)
        )
    assert answers[0] == answers[1]


def test_a_path_that_leads_nowhere_is_refused(both: tuple[Any, Any]) -> None:
    for client in both:
        with pytest.raises(ClientError) as refused:
            client.update_item(
                TableName="ledger", Key={"pk": {"S": "x"}}, UpdateExpression="SET a.b = :v",
                ExpressionAttributeValues={":v": {"S": "1"}},
            )  # fmt: skip
        assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_the_buckets_answer_as_motos_do() -> None:
    answers = []
    for s3 in (boto3.client("s3"), Client("s3", S3(lambda: datetime.now(UTC)))):
        for key, body in (("a", b"1"), ("a", b"2"), ("b", b"3")):
            s3.put_object(Bucket="raw", Key=key, Body=body)
        page = next(iter(s3.get_paginator("list_object_versions").paginate(Bucket="raw")))
        listed = [(each["Key"], each["ETag"], each["Size"], each["IsLatest"]) for each in page["Versions"]]
        first = next(each for each in page["Versions"] if not each["IsLatest"])
        old = s3.head_object(Bucket="raw", Key="a", VersionId=first["VersionId"])
        read = s3.get_object(Bucket="raw", Key="a")["Body"].read()
        codes = []
        for operation in ("head_object", "get_object"):
            with pytest.raises(ClientError) as refused:
                getattr(s3, operation)(Bucket="raw", Key="none")
            codes.append(refused.value.response["Error"]["Code"])
        answers.append((listed, old["ETag"], old["ContentLength"], read, codes))
    assert answers[0] == answers[1]
