"""The policy in docs/console.md is enough for all that the console does, and nothing in it is too much."""

import dataclasses
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.console.drops import Drops
from retailrec.console.queries import Queries
from retailrec.console.stack_session import StackSession
from retailrec_shared.ledger.run import Run

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"
USER = "console-user"
NEEDED_FOR_MISSING = (
    "s3:ListBucket"  # without it a missing object of AWS's S3 reads as forbidden; not so of the emulator's
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
REFUSAL = re.compile("AccessDenied|not authorized|refused|Access Denied|Forbidden")


def documented(stack: Stack) -> list[dict[str, Any]]:
    """Read the policy's statements, with the stack's names in them."""
    found = re.search(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    text = found[1]
    api_id = re.search(r"//([a-z0-9]+)\.", stack.output("ApiUrl"))
    assert api_id
    for name, value in {
        "LEDGER_TABLE": stack.output("LedgerTable"), "SERVING_TABLE": stack.output("ServingTable"),
        "DATA_BUCKET": stack.output("DataBucket"), "RAW_BUCKET": stack.output("RawBucket"),
        "UPLOADER_ROLE": stack.output("UploaderRole"),
        "API_ID": api_id[1], "REGION": str(stack.session.region_name), "ACCOUNT": "000000000000",
        "STACK": stack.name,
    }.items():  # fmt: skip
        text = text.replace(name, value)
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


@pytest.fixture(scope="module")
def allow(stack: Stack, first_run: Run) -> Callable[[list[dict[str, Any]]], StackSession]:
    """Open the stack as a user who may do what some statements say."""
    iam = stack._client("iam")
    iam.create_user(UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=stack.session.region_name)

    def opened(statements: list[dict[str, Any]]) -> StackSession:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName=USER, PolicyName="console", PolicyDocument=policy)
        return StackSession.of(dataclasses.replace(stack, session=session))

    return opened


def questions(shop: StackSession, run_id: str, file: Path) -> list[Callable[[], object]]:
    """List all that the page can make the console do."""
    ask = Queries(lambda: shop)
    cloud, session = shop.stack.cloud, shop.stack.session
    return [
        lambda: Stack._open(shop.stack.name, session, cloud),
        ask.stack, ask.runs, ask.metrics,
        lambda: ask.run(run_id), lambda: ask.report(run_id), lambda: ask.progress(run_id),
        lambda: ask.customers("13"), lambda: ask.batch("13085", 5, True, []),
        lambda: ask.purchases("13085"), lambda: ask.real_time("13085", 5, True, []),
        lambda: drop(shop, file),
    ]  # fmt: skip


def drop(shop: StackSession, file: Path) -> None:
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    progress = Drops(lambda: shop, start=lambda work: work()).begin(copy, f"people-{time.time_ns()}.csv")
    if progress["state"] == "refused":
        raise Problem(progress["sentence"])


def is_refused(question: Callable[[], object]) -> bool:
    try:
        question()
    except (ClientError, Problem) as problem:
        if not REFUSAL.search(str(problem)):
            raise
        return True
    return False


def test_the_documented_policy_is_enough_and_not_too_much(
    stack: Stack, live_run: Run, allow: Callable[[list[dict[str, Any]]], StackSession], tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,age\nA,3\n")
    statements = documented(stack)
    refused = [is_refused(each) for each in questions(allow(statements), live_run.run_id, file)]
    assert refused == [False] * 12
    for left_out in statements:
        if left_out["Action"] == NEEDED_FOR_MISSING:
            continue
        shop = allow([each for each in statements if each is not left_out])
        refused = [is_refused(each) for each in questions(shop, live_run.run_id, file)]
        assert any(refused), f"nothing needs {left_out}"
