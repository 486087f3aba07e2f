import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cloud import Running
from retailrec.client import laptop, paths
from retailrec.client import stack as stack_module
from retailrec.client.stack import Stack
from retailrec.commands import demo_data
from retailrec.commands.download import Unavailable
from retailrec.generate import Shape
from retailrec.views import customers as demo_customers
from retailrec_shared.core.status import RunStatus
from tests.integration.command.conftest import Invoke, answer_as_shop, words
from tests.integration.command.fake_pipeline import PAGE, FakePipeline
from tests.integration.command.fake_server import CREDENTIALS, FakeServer

pytestmark = pytest.mark.slow

Say = Callable[[str], None]


class FakeLaptop:
    """A local cloud that is only said to be up; ``during_down`` happens while it goes down."""

    def __init__(self, url: str, folder: Path) -> None:
        self.cloud: Running | None = None
        self.during_down: Callable[[], None] = lambda: None
        self.downs = 0
        self._running = Running(
            aws_url=url,
            sagemaker_url=url,
            access_key=CREDENTIALS.access_key,
            secret_key=CREDENTIALS.secret_key,
            stack="shop",
            state_dir=folder,
            started_at="2026-01-01T00:00:00Z",
        )

    def running(self) -> Running | None:
        return self.cloud

    def up(self, say: Say, *_wanted: object) -> Running:
        say("Starting the local cloud")
        self.cloud = self._running
        return self.cloud

    def down(self, say: Say) -> None:
        say("Stopping the local cloud")
        self.during_down()
        self.cloud = None
        self.downs += 1


@pytest.fixture
def cloud(
    stack: FakeServer, pipeline: FakePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeLaptop:
    fake = FakeLaptop(stack.url, tmp_path)
    for name in ("running", "up", "down"):
        monkeypatch.setattr(laptop, name, getattr(fake, name))
    # The clients are moto's: it does not listen at the address of a local cloud.
    monkeypatch.setattr(stack_module, "client", lambda session, service, _cloud: session.client(service))
    monkeypatch.setattr(paths, "REPORT", tmp_path / "build" / "report.json")
    monkeypatch.setattr(paths, "PUBLIC_FILE", tmp_path / "data" / "online_retail_II.xlsx")
    monkeypatch.setattr(paths, "GENERATED_FILE", tmp_path / "build" / "generated.xlsx")
    monkeypatch.setattr(demo_customers, "PAUSE_SECONDS", 0)

    def live_answers(*arguments: Any) -> Any:
        live = pipeline.ledger.pointer("live")
        return answer_as_shop(live)(*arguments) if live else (503, {"detail": "No model is live yet."})

    stack.answer = live_answers
    return fake


def report() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(paths.REPORT.read_text())
    return loaded


def test_the_demo_shows_all_and_leaves_a_report(
    retailrec: Invoke, cloud: FakeLaptop, pipeline: FakePipeline, stack: FakeServer, sales: Path
) -> None:
    answer = retailrec("demo", "--data", sales)
    assert answer.exit_code == 0, answer.output
    text = words(answer.stdout)
    for expected in (
        "read from the file 120", "rejected: missing customer -20", "held out, all items 0.0712 0.0307",
        "in sample (no forecast) 0.6500", "Customer 13085 (France)", "latest 10 of 84 purchases",
        "Customer 17519", "popular items, not personal ones", "recommend 13085", "make down",
    ):  # fmt: skip
        assert expected in text
    assert max(map(len, answer.stdout.splitlines())) <= 100

    (run,) = pipeline.ledger.runs()
    written = report()
    assert written["run_id"] == run.run_id
    assert written["dataset"] == {
        "source": "the file given", "file": "sales.csv", "rows_read": 120, "rows_without_customer": 20,
        "interactions": 100, "rejected": {"missing_customer": 20},
    }  # fmt: skip
    assert [stage["name"] for stage in written["stages"]] == [
        "prepare",
        "train",
        "approve",
        "batch",
        "deploy",
    ]
    assert written["total_seconds"] > 0
    assert written["metrics"]["p@k(10)_in_sample"] == 0.65
    assert {customer: len(items) for customer, items in written["recommendations"].items()} == {
        "13085": 10,
        "17519": 10,
    }
    assert "Rows read fell by 40.0 %" in text
    assert "quality-report.html" in "".join(answer.stdout.split()), "a long path is broken over lines"
    assert (paths.REPORT.parent / "quality-report.html").read_bytes() == PAGE
    assert set(written["recommendations"]["13085"][0]) == {
        "item_id", "description", "score", "source", "why", "because_of",
    }  # fmt: skip
    assert written["api_url"].startswith(f"{stack.url}/_aws/execute-api/")
    assert cloud.cloud is not None


def test_a_second_demo_of_the_same_file_says_so_and_shows_all_the_same(
    retailrec: Invoke, cloud: FakeLaptop, pipeline: FakePipeline, sales: Path
) -> None:
    assert retailrec("demo", "--data", sales).exit_code == 0
    first = report()
    paths.REPORT.unlink()
    answer = retailrec("demo", "--data", sales)
    assert answer.exit_code == 0
    assert "is live; nothing to do" in words(answer.stdout)
    assert "Customer 13085" in answer.stdout
    assert report()["stages"] == first["stages"]
    assert len(list(pipeline.ledger.runs())) == 1


def test_a_demo_of_a_file_that_was_replaced_since_makes_it_live_again(
    retailrec: Invoke, cloud: FakeLaptop, pipeline: FakePipeline, sales: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("else")
    for data in (sales, other, sales):
        assert retailrec("demo", "--data", data).exit_code == 0
    live = pipeline.ledger.pointer("live")
    assert report()["run_id"] == live
    assert len(list(pipeline.ledger.runs())) == 3


def test_without_data_and_network_it_generates_some_and_says_so(
    retailrec: Invoke, cloud: FakeLaptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise Unavailable("nobody answers")

    monkeypatch.setattr(demo_data, "download_workbook", unreachable)
    monkeypatch.setattr(Shape, "online_retail", Shape.small)
    answer = retailrec("demo")
    assert answer.exit_code == 0, answer.output
    assert "GENERATED data" in answer.stdout
    assert report()["dataset"]["source"].startswith("generated")
    assert paths.GENERATED_FILE.exists()
    dropped = [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket="raw")["Contents"]]
    assert dropped == ["generated.xlsx"]


@pytest.mark.parametrize("was_up", [True, False])
def test_a_failed_demo_takes_down_only_the_cloud_that_it_started(
    was_up: bool, retailrec: Invoke, cloud: FakeLaptop, pipeline: FakePipeline, sales: Path
) -> None:
    if was_up:
        cloud.up(lambda _: None)
    pipeline.ending = RunStatus.REJECTED
    cloud.during_down = lambda: os.kill(os.getpid(), signal.SIGINT)  # must not keep it from going down
    answer = retailrec("demo", "--data", sales)
    assert answer.exit_code == 2
    assert "There is no column Quantity." in answer.stderr
    assert (cloud.cloud is not None) is was_up
    assert not paths.REPORT.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing_behind_even_when_interrupted_again(
    number: signal.Signals, retailrec: Invoke, cloud: FakeLaptop, sales: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr(Stack, "pause", interrupt)
    cloud.during_down = interrupt
    answer = retailrec("demo", "--data", sales)
    assert answer.exit_code == 130
    assert cloud.downs == 1
    assert cloud.cloud is None


def test_up_that_is_interrupted_takes_down_what_it_started(
    retailrec: Invoke, cloud: FakeLaptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def up(say: Say, *_wanted: object) -> Running:
        cloud.up(say)
        raise KeyboardInterrupt

    monkeypatch.setattr(laptop, "up", up)
    assert retailrec("up").exit_code == 130
    assert cloud.downs == 1


def test_up_and_down_say_what_they_do(retailrec: Invoke, cloud: FakeLaptop) -> None:
    up = retailrec("up")
    assert up.exit_code == 0
    assert "Starting the local cloud" in up.stdout
    assert "drop FILE" in up.stdout
    assert retailrec("runs").exit_code == 0  # the local stack, since it is up and none is named
    down = retailrec("down")
    assert (down.exit_code, cloud.cloud) == (0, None)


def test_data_that_is_not_there_never_starts_a_cloud(retailrec: Invoke, cloud: FakeLaptop) -> None:
    answer = retailrec("demo", "--data", "absent.xlsx")
    assert answer.exit_code == 1
    assert "There is no file absent.xlsx" in answer.stderr
    assert cloud.downs == 0
