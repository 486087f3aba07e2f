import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from tests.integration.command.conftest import Invoke, answer_as_shop, words
from tests.integration.command.fake_pipeline import FakePipeline
from tests.integration.command.fake_server import FakeServer

SHOP = ("--stack", "shop")


def test_runs_are_listed_the_newest_first(retailrec: Invoke, pipeline: FakePipeline) -> None:
    assert "No run yet" in retailrec("runs", *SHOP).stdout
    for hour, key in ((11, "b.csv"), (12, "c.csv"), (10, "a.csv")):
        at = f"2026-01-01T{hour}:00:00.000Z"
        upload = Upload(bucket="raw", key=key, etag=key, size=1, uploaded_at=at)
        pipeline.ledger.open_run(Run(run_id=f"{hour}" * 8, upload=upload, configuration={}))
    pipeline.ledger.move("10" * 8, RunStatus.REJECTED, reason="There is no column Quantity.")
    answer = json.loads(retailrec("runs", "--json", *SHOP).stdout)
    assert [run["upload"]["key"] for run in answer] == ["c.csv", "b.csv", "a.csv"]
    assert "There is no column Quantity." in retailrec("runs", *SHOP).stdout
    newest = json.loads(retailrec("runs", "--json", "--limit", 1, *SHOP).stdout)
    assert [run["upload"]["key"] for run in newest] == ["c.csv"]


def test_a_run_is_found_by_the_first_characters_of_its_id(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    retailrec("drop", sales, *SHOP)
    (run,) = pipeline.ledger.runs()
    assert run.run_id in retailrec("status", run.run_id[:5], *SHOP).stdout
    answer = json.loads(retailrec("status", run.run_id, "--json", *SHOP).stdout)
    assert answer["metrics"]["p@k(10)"] == 0.0712
    assert retailrec("status", "zz", *SHOP).exit_code == 1


def test_recommendations_are_asked_with_a_signature_that_holds(retailrec: Invoke, stack: FakeServer) -> None:
    stack.answer = answer_as_shop("r1")
    answer = retailrec("recommend", "13085", "--top-n", 3, *SHOP)
    assert answer.exit_code == 0, answer.stderr
    assert "HEART 2" in answer.stdout
    assert "r1" in answer.stdout
    answer = json.loads(retailrec("recommend", "13085", "--json", *SHOP).stdout)
    assert len(answer["recommendations"]) == 10


@pytest.mark.parametrize(
    "customer",
    [
        "a b",
        "ä/ö",
        "1+1=2&x",
        "100%",
        'C\'est "ça"',
        "~._-",
        "[1]",
        ".",
        "..",
        "%41",
        "%2F",
        "*",
        "@",
        "popular",
    ],
)
def test_any_id_reaches_the_api_as_it_is(customer: str, retailrec: Invoke, stack: FakeServer) -> None:
    stack.answer = answer_as_shop("r1")
    answer = json.loads(retailrec("recommend", "--json", *SHOP, "--", customer).stdout)
    assert answer["customer_id"] == customer


@pytest.mark.parametrize("item", ["85123A", "popular", ".", "..", "a/b", "%41", "a b", "a,b", "@*+"])
def test_any_item_reaches_the_api_as_it_is(item: str, stack: FakeServer) -> None:
    answers: list[tuple[str, str, str]] = []

    def answer(what: str, name: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        answers.append((what, name, query.get("exclude", "")))
        found = {"item_id": name, "customer_id": name, "run_id": "r", "source": "similar"}
        return 200, found | {"description": None, "items": [], "recommendations": []}

    stack.answer = answer
    api = Stack.open("shop").api()
    assert api.similar(item, 3).item_id == item
    assert api.explained("13085", 3, True, [item, "x"]).customer_id == "13085"
    paths = {asked.partition("?")[0] for asked in stack.asked}
    assert not any(path.endswith("/items/popular/similar") for path in paths), "/items/popular is the ranking"
    api.get("items/popular/similar?exclude=@*", in_stock=item)
    assert answers[0] == ("similar", item, "")
    assert answers[1] == ("recommendations", "13085", item)
    split = [asked for asked in stack.asked if "%2C" in asked and "/customers/" in asked]
    assert not split, "there the API would split the ids by commas"


def test_history_lists_purchases_and_an_unknown_customer_is_an_error(
    retailrec: Invoke, stack: FakeServer
) -> None:
    stack.answer = answer_as_shop("r1")
    answer = retailrec("history", "13085", "--limit", 2, *SHOP)
    assert answer.stdout.count("536365") == 2
    assert "France" in answer.stdout
    unknown = retailrec("history", "17519", *SHOP)
    assert unknown.exit_code == 1
    assert words(unknown.stderr) == "Customer 17519 has no purchases in run r1: check the id."


def test_before_anything_is_live_it_says_what_to_do(retailrec: Invoke, stack: FakeServer) -> None:
    stack.answer = lambda *_: (503, {"detail": "No model is live yet: drop a file."})
    answer = retailrec("recommend", "13085", *SHOP)
    assert answer.exit_code == 1
    assert words(answer.stderr) == "No model is live yet: drop a file."


def test_an_answer_that_is_none_of_ours_is_said_to_be_so(retailrec: Invoke, stack: FakeServer) -> None:
    stack.answer = lambda *_: (200, {"hello": "world"})
    assert "is not the recommendation API" in words(retailrec("recommend", 1, *SHOP).stderr)
    stack.answer = lambda *_: (502, {"message": "Internal server error"})
    assert "The API answered 502 (Internal server error)" in words(retailrec("recommend", 1, *SHOP).stderr)


def test_a_stack_that_is_not_there_is_named(retailrec: Invoke, stack: FakeServer) -> None:
    answer = retailrec("runs", "--stack", "nope")
    assert answer.exit_code == 1
    assert "There is no stack 'nope' in us-east-1" in words(answer.stderr)


def test_a_stack_of_another_kind_is_recognised(retailrec: Invoke, stack: FakeServer) -> None:
    stack.stacks["other"] = ({}, {})
    assert "has no output LedgerTable" in words(retailrec("runs", "--stack", "other").stderr)


def test_the_stack_may_be_named_in_the_environment(
    retailrec: Invoke, stack: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAILREC_STACK", "shop")
    assert retailrec("runs").exit_code == 0


def test_missing_credentials_are_a_sentence(
    retailrec: Invoke, server: FakeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    answer = retailrec("runs", "--stack", "shop")
    assert answer.exit_code == 1
    assert "No AWS credentials were found" in answer.stderr
    monkeypatch.setenv("AWS_PROFILE", "nope")
    assert "There is no AWS profile 'nope'" in words(retailrec("runs", "--stack", "shop").stderr)


def test_no_region_is_a_sentence(
    retailrec: Invoke, stack: FakeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "absent"))
    assert "No AWS region is chosen" in words(retailrec("runs", "--stack", "shop").stderr)
