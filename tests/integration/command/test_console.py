"""The console's server, over a stack whose services are moto's and whose API is a loopback server."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from retailrec.client import laptop
from retailrec.client.stack import Stack
from retailrec.console.app import build
from retailrec.console.drops import Drops
from retailrec.console.guard import FOREIGN_POLICY
from retailrec.console.stack_session import SessionOpener
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from retailrec_shared.serving.keys import customer_key, item_key
from retailrec_shared.serving.table import Serving
from tests.console_server import serving
from tests.environment import read_template
from tests.integration.command.conftest import Invoke, answer_as_shop
from tests.integration.command.fake_pipeline import PAGE, FakePipeline
from tests.integration.command.fake_server import FakeServer

pytestmark = pytest.mark.slow

LOGS = "/aws/sagemaker/TrainingJobs"


@contextmanager
def serve(name: str | None) -> Iterator[httpx.Client]:
    opener = SessionOpener(name)
    app = build(opener, drops=Drops(opener, start=lambda work: work()))
    with serving(app) as url, httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        yield client


@pytest.fixture
def console(pipeline: FakePipeline) -> Iterator[httpx.Client]:
    with serve("shop") as client:
        yield client


def drop(
    console: httpx.Client, name: str, content: bytes, append: str | None = None, **headers: str
) -> httpx.Response:
    page = console.get("/").text
    token = re.search('name="console-token" content="([^"]+)"', page)
    assert token
    asked = {"name": name} | ({"append": append} if append else {})
    given = {"origin": str(console.base_url).rstrip("/"), "x-console-token": token[1]} | headers
    return console.put("/api/drops", params=asked, content=content, headers=given)


@pytest.fixture
def live(console: httpx.Client, pipeline: FakePipeline, server: FakeServer) -> str:
    """A run that is live, with what the pipeline leaves of it."""
    assert drop(console, "sales.csv", b"Invoice,StockCode\n1,2\n").status_code == 202
    for _ in range(6):
        pipeline.pause()
    (run,) = pipeline.ledger.runs()
    assert run.status is RunStatus.LIVE
    lines = "".join(json.dumps({"user_id": each, "top_n": "10"}) + "\n" for each in ("13085", "17519"))
    key = names.run_key(run.run_id, names.BATCH_INPUT_JSONL)
    boto3.client("s3").put_object(Bucket="data", Key=key, Body=lines.encode())
    _fill_serving(run.run_id)
    server.answer = answer_as_shop(run.run_id)
    return run.run_id


def _fill_serving(run_id: str) -> None:
    properties = read_template()["Resources"]["ServingTable"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "BillingMode")
    client = boto3.client("dynamodb")
    client.create_table(TableName="serving", **{name: properties[name] for name in wanted})
    customer = {"country": "France", "purchases_total": 1, "purchases": [{"item_id": "22633"}],
                "recommendations": [["85123A", 2.5], ["22633", 1.5], ["20725", 0.5]]}  # fmt: skip
    bodies = [
        (customer_key(run_id, "13085"), customer),
        (item_key(run_id, "85123A"), {"description": "<b>HEART</b>"}),
    ]
    Serving("serving", client).put_all(bodies)


def test_the_page_and_its_assets_come_with_a_strict_policy(console: httpx.Client) -> None:
    page = console.get("/")
    assert page.status_code == 200
    assert not re.search(r"<style|\son\w+=|<script(?![^>]*src=)", page.text), "nothing inline"
    for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        answer = console.get(asset)
        assert answer.status_code == 200, asset
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_nothing_else_is_served(console: httpx.Client) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/js/nothing.js", "/nothing"):
        assert console.get(path).status_code == 404, path


def test_runs_have_their_stages_rows_and_metrics(console: httpx.Client, live: str) -> None:
    (row,) = console.get("/api/runs").json()["runs"]
    assert (row["run_id"], row["live"], row["file"]) == (live, True, "sales.csv")
    run = console.get(f"/api/runs/{live}").json()
    assert [stage["stage"] for stage in run["stages"]][:2] == ["prepare", "train"]
    assert run["rejected"] == [{"reason": "missing_customer", "rows": 20}]
    assert run["warnings"] == ["Rows read fell by 40.0 %, from 200 to 120."]
    assert console.get("/api/metrics").json()["runs"][0]["metrics"]["p@k(10)"] == 0.0712


def test_the_quality_report_is_shown_without_scripts_and_without_an_origin(
    console: httpx.Client, live: str
) -> None:
    answer = console.get(f"/runs/{live}/report")
    assert answer.content == PAGE
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == FOREIGN_POLICY


def test_an_unknown_run_is_unknown(console: httpx.Client) -> None:
    for run_id in ("0" * 16, "..", "%2e%2e%2fx", "ABCDEF0123456789"):
        assert console.get(f"/api/runs/{run_id}").status_code == 404, run_id


def test_a_trainings_epochs_are_read_from_its_log(console: httpx.Client, live: str) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=LOGS)
    for stream, text in (
        (f"shop-{live}/algo-1-1", "epoch {0}/2 auc=0.{0}"),
        ("shop-another/algo-1-1", "epoch {0}/9 x=1"),
    ):
        logs.create_log_stream(logGroupName=LOGS, logStreamName=stream)
        now = round(time.time() * 1000)
        events = [{"timestamp": now + number, "message": text.format(number)} for number in (1, 2)]
        logs.put_log_events(logGroupName=LOGS, logStreamName=stream, logEvents=events)
    answer = console.get(f"/api/runs/{live}/progress").json()
    assert (answer["training"], answer["epochs"]) == (False, 2)
    (series,) = answer["series"]
    assert series["label"] == "auc"
    assert [(point["step"], point["value"]) for point in series["points"]] == [(1, 0.1), (2, 0.2)]

    chart = console.get(f"/api/runs/{live}/progress/chart", params={"metric": "auc"})
    assert chart.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in chart.headers["content-security-policy"]
    assert "<title>auc, epoch 2: 0.2000</title>" in chart.text
    assert console.get(f"/api/runs/{live}/progress/chart", params={"metric": "loss"}).status_code == 404


def test_metrics_are_drawn_over_the_runs_and_compared(console: httpx.Client, live: str) -> None:
    assert {"name": "p@k(10)", "label": "precision@10 (held out)"} in console.get("/api/metrics").json()[
        "names"
    ]
    chart = console.get("/api/metrics/chart", params={"metric": "p@k(10)", "run": live})
    assert chart.headers["content-type"].startswith("text/html")
    assert "(chosen): 0.0712</title>" in chart.text
    assert '<td class="n">0.0712</td>' in console.get(f"/api/runs/{live}/comparison").text
    assert "No run has this metric" in console.get("/api/metrics/chart", params={"metric": "none"}).text
    assert console.get(f"/api/runs/{'0' * 16}/comparison").status_code == 404


def test_a_training_without_a_log_has_no_series(console: httpx.Client, live: str) -> None:
    assert console.get(f"/api/runs/{live}/progress").json()["series"] == []


def test_customers_are_searched_in_the_live_run(console: httpx.Client, live: str) -> None:
    answer = console.get("/api/customers", params={"query": "130"}).json()
    assert (answer["customers"], answer["found"], answer["total"]) == (["13085"], 1, 2)


def test_batch_and_real_time_are_asked_apart(console: httpx.Client, live: str, server: FakeServer) -> None:
    query = {"customer": "13085", "top_n": "2", "exclude": ["20725", "22423"]}
    batch = console.get("/api/batch", params=query).json()
    assert batch["recommendations"] == [{"item_id": "85123A", "description": "<b>HEART</b>", "score": 2.5}]
    real_time = console.get("/api/real-time", params=query | {"exclude_purchased": "false"}).json()
    assert real_time["source"] == "endpoint"
    assert len(real_time["recommendations"]) == 2
    asked = server.asked[-1]
    assert "exclude=20725&exclude=22423" in asked
    assert "exclude_purchased=false" in asked


def test_items_like_one_are_asked_of_the_api(console: httpx.Client, live: str, server: FakeServer) -> None:
    def answer(what: str, item: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        items = [{"item_id": "22633", "description": "HAND WARMER", "score": 0.9, "source": "similar"}]
        return 200, {"item_id": item, "run_id": live, "description": "HEART", "source": what, "items": items}

    server.answer = answer
    body = console.get("/api/similar", params={"item": "85/123 A"}).json()
    assert (body["item_id"], body["source"], body["items"][0]["item_id"]) == (
        "85/123 A",
        "similar",
        "22633",
    )


def test_a_bad_question_gets_a_sentence(console: httpx.Client, live: str) -> None:
    for path, status in (
        ("purchases?customer=17519", 404),
        ("purchases?customer=", 400),
        ("batch?customer=17519", 404),
        ("batch?customer=13085&top_n=0", 400),
        ("batch", 400),
        ("real-time?customer=13085&top_n=1e3", 400),
        ("drops/nothing", 404),
        (f"customers?query={'x' * 300}", 400),
    ):
        answer = console.get(f"/api/{path}")
        assert answer.status_code == status, path
        assert answer.json()["sentence"].endswith((".", "?"))


def test_a_dropped_file_is_uploaded_whole_and_followed_to_its_run(
    console: httpx.Client, pipeline: FakePipeline
) -> None:
    content = bytes(range(256)) * 4096
    answer = drop(console, "sales + co (2011).csv", content)
    assert answer.status_code == 202
    answer = console.get(f"/api/drops/{answer.json()['id']}").json()
    (run,) = pipeline.ledger.runs()
    assert (answer["state"], answer["run_id"], answer["sent"]) == ("run", run.run_id, len(content))
    stored = boto3.client("s3").get_object(Bucket="raw", Key="sales + co (2011).csv")
    assert stored["Body"].read() == content


def test_the_page_says_why_the_run_of_a_new_stacks_first_file_takes_long(
    pipeline: FakePipeline, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.created = datetime.now(UTC)
    held: list[Callable[[], None]] = []
    drops = Drops(SessionOpener("shop"), start=held.append)
    (tmp_path / "received").write_bytes(b"Invoice,StockCode\n1,2\n")
    begun = drops.begin(tmp_path / "received", "sales.csv")
    shown: list[str | None] = []

    def pause(_: Stack) -> None:
        shown.append((drops.find(begun["id"]) or {})["sentence"])
        pipeline.pause()

    monkeypatch.setattr(Stack, "pause", pause)
    held[0]()
    assert "S3 begins to send events some five minutes after" in (shown[0] or "")
    ended = drops.find(begun["id"]) or {}
    assert (ended["state"], ended["sentence"]) == ("run", None)


def test_a_file_without_rows_or_name_is_refused_before_anything_is_uploaded(console: httpx.Client) -> None:
    for name, content in (("a.csv", b""), ("", b"x"), ("a.csv.mapping.json", b"{}")):
        answer = drop(console, name, content)
        assert answer.status_code == 400
        assert answer.json()["sentence"].endswith(".")
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_another_sites_page_can_drop_nothing(console: httpx.Client) -> None:
    assert drop(console, "a.csv", b"x", origin="https://evil.example").status_code == 403
    assert drop(console, "a.csv", b"x", **{"x-console-token": "guessed"}).status_code == 403
    assert drop(console, "a.csv", b"x", host="evil.example:4680").status_code == 421
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_a_refused_file_has_its_reason_and_the_next_step(
    console: httpx.Client, pipeline: FakePipeline
) -> None:
    pipeline.ending = RunStatus.REJECTED
    drop(console, "people.csv", b"name,age\nA,3\n")
    pipeline.pause()
    (row,) = console.get("/api/runs").json()["runs"]
    run = console.get(f"/api/runs/{row['run_id']}").json()
    assert (run["bad"], run["reason"]) == (True, "There is no column Quantity.")
    assert run["next_step"] == "Correct the file and drop it again."
    assert console.get(f"/runs/{row['run_id']}/report").status_code == 404


def test_a_file_is_dropped_where_it_adds_to_the_dataset_if_the_page_says_so(
    console: httpx.Client, pipeline: FakePipeline
) -> None:
    assert (
        drop(console, "day.csv", b"Invoice,StockCode\n1,2\n", append="true").json()["file"]
        == "append/day.csv"
    )
    assert drop(console, "all.csv", b"Invoice,StockCode\n1,3\n", append="false").json()["file"] == "all.csv"
    keys = {each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket="raw")["Contents"]}
    assert keys == {"append/day.csv", "all.csv"}
    refused = drop(console, "day.csv", b"x", append="perhaps")
    assert (refused.status_code, refused.json()["kind"]) == (400, "bad_request")


def test_without_a_live_run_the_page_gets_a_sentence(console: httpx.Client, pipeline: FakePipeline) -> None:
    assert console.get("/api/runs").json()["runs"] == []
    for path in ("customers", "batch?customer=1", "purchases?customer=1", "real-time?customer=1"):
        answer = console.get(f"/api/{path}")
        assert (answer.status_code, answer.json()["kind"]) == (404, "unknown")


def test_without_a_stack_the_page_works_and_says_what_to_do(
    stack: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, kind, words in ((None, "no_stack", "retailrec up"), ("nothing", "cloud", "There is no stack")):
        with serve(name) as client:
            assert client.get("/").status_code == 200
            for path in ("stack", "runs", "metrics", "customers", "purchases?customer=1"):
                answer = client.get(f"/api/{path}")
                assert answer.status_code in {502, 503}
                assert answer.json()["kind"] == kind
                assert words in answer.json()["sentence"]


def test_refused_credentials_are_a_sentence(console: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Query")

    monkeypatch.setattr("retailrec_shared.ledger.ledger.Ledger.pointer", refuse)
    answer = console.get("/api/runs")
    assert answer.status_code == 502
    assert "ask for the permission" in answer.json()["sentence"]


def test_a_fault_of_ours_shows_no_traceback(console: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "poll_seconds", property(lambda _: 1 / 0))
    answer = console.get("/api/runs")
    assert (answer.status_code, answer.json()["kind"]) == (500, "fault")
    assert "Traceback" not in answer.text


def test_a_port_in_use_is_a_sentence(retailrec: Invoke, server: FakeServer, tmp_path: Path) -> None:
    taken = server.url.rsplit(":", 1)[1]
    answer = retailrec("console", "--no-open", "--port", taken)
    assert answer.exit_code == 1
    assert "--port" in answer.stderr


def test_the_console_follows_the_local_cloud_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    clouds: list[object] = ["first", "first", "second"]
    monkeypatch.setattr(laptop, "running", lambda: clouds.pop(0))
    monkeypatch.setattr(Stack, "local", opened.append)
    monkeypatch.setattr("retailrec.console.stack_session.StackSession.of", lambda _: object())
    opener = SessionOpener(None)
    first, again, second = opener(), opener(), opener()
    assert first is again
    assert second is not first
    assert opened == ["first", "second"]
