import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus
from retailrec_shared.core.timing import ADOPTED_WITHIN
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_pipeline import FakePipeline
from tests.integration.command.fake_server import FakeServer


def test_a_dropped_file_is_followed_until_it_is_live(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 0, answer.output
    lines = [line.split(" in ")[0].strip() for line in answer.stdout.splitlines()]
    assert lines[0] == "Dropped sales.csv into raw"
    assert lines[2:-1] == [
        "prepare  running",
        "prepare  done",
        "train    waiting: The quota is 0 instances.",
        "train    running",
        "train    done",
        "approve  done",
        "batch    running",
        "deploy   running",
        "batch    done",
        "publish  done",
        "deploy   done",
    ]
    (run,) = pipeline.ledger.runs()
    assert f"Run {run.run_id} is live" in lines[-1]


def test_the_etag_is_the_md5_of_the_bytes_however_large_the_file(
    retailrec: Invoke, pipeline: FakePipeline, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"0123456789abcdef" * 2**20)  # 16 MB: boto3 itself would send it in parts
    assert retailrec("drop", large, "--stack", "shop", "--no-follow").exit_code == 0
    etag = boto3.client("s3").head_object(Bucket="raw", Key="large.csv")["ETag"]
    assert etag.strip('"') == hashlib.md5(large.read_bytes(), usedforsecurity=False).hexdigest()


def test_the_same_bytes_dropped_again_do_nothing_and_it_says_so(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    assert retailrec("drop", sales, "--stack", "shop").exit_code == 0
    pipeline.paused = 0
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 0
    (run,) = pipeline.ledger.runs()
    assert f"The same bytes were dropped before: run {run.run_id} is live; nothing to do." in words(
        answer.stdout
    )
    assert pipeline.paused == 0  # at once


def test_the_same_bytes_while_their_run_goes_on_are_followed(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    assert retailrec("drop", sales, "--stack", "shop", "--no-follow").exit_code == 0
    pipeline.pause()
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 0
    assert "the same bytes were dropped before" in answer.stdout
    assert "is live" in answer.stdout


def test_changed_bytes_make_a_second_run_that_replaces_the_first(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    assert retailrec("drop", sales, "--stack", "shop").exit_code == 0
    old = sales.read_text()
    sales.write_text(old + "536366,22633\n")
    assert retailrec("drop", sales, "--stack", "shop", "--key", "more.csv").exit_code == 0
    assert sorted(run.status for run in pipeline.ledger.runs()) == [RunStatus.LIVE, RunStatus.SUPERSEDED]

    sales.write_text(old)
    again = retailrec("drop", sales, "--stack", "shop")
    assert again.exit_code == 2
    assert "is superseded; nothing was done" in words(again.stderr)
    assert "--key again-sales.csv" in words(again.stderr)


@pytest.mark.parametrize(
    ("ending", "reason", "next_step"),
    [
        (RunStatus.REJECTED, "There is no column Quantity.", "Correct the file and drop it again."),
        (RunStatus.MODEL_REJECTED, "It is below the floor.", ""),
    ],
)
def test_a_run_that_does_not_go_live_says_why_and_what_to_do(
    ending: RunStatus, reason: str, next_step: str, retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    pipeline.ending = ending
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 2
    assert f"ended as {ending}" in words(answer.stderr)
    assert reason in answer.stderr
    assert next_step in answer.stderr


def test_when_no_run_appears_it_says_where_to_look(
    retailrec: Invoke, stack: FakeServer, sales: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stack, "pause", lambda _: None)
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 1
    assert "No run appeared within 11 minutes of the upload" in words(answer.stderr)
    assert "retailrec logs" in answer.stderr


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(minutes=1), "S3 begins to send events some five minutes after a bucket is created"),
        (timedelta(days=9), "No event of the upload has come yet"),
    ],
)
def test_a_run_that_only_the_reconciler_begins_is_waited_for_and_it_says_why(
    age: timedelta,
    why: str,
    retailrec: Invoke,
    stack: FakeServer,
    pipeline: FakePipeline,
    sales: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack.created = datetime.now(UTC) - age
    waited: list[float] = []

    def pause(opened: Stack) -> None:
        waited.append(opened.poll_seconds)
        if sum(waited) > ADOPTED_WITHIN.total_seconds():
            pipeline.pause()

    monkeypatch.setattr(Stack, "pause", pause)
    answer = retailrec("drop", sales, "--stack", "shop")
    assert answer.exit_code == 0, answer.output
    said = words(answer.stdout)
    assert said.count(why) == 1
    assert "the reconciler finds it within 9 minutes" in said
    assert "is live" in said


def test_ctrl_c_while_following_leaves_the_run_alone(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(stack: Stack) -> None:
        if pipeline.paused == 3:
            raise KeyboardInterrupt
        pipeline.pause()

    monkeypatch.setattr(Stack, "pause", pause)
    answer = retailrec("drop", sales, "--stack", "shop")
    (run,) = pipeline.ledger.runs()
    assert answer.exit_code == 130
    assert f"status {run.run_id}" in words(answer.stdout)


def test_a_key_that_names_a_folder_is_refused(retailrec: Invoke, stack: FakeServer, sales: Path) -> None:
    answer = retailrec("drop", sales, "--key", "in/", "--stack", "shop")
    assert answer.exit_code == 1
    assert "names a folder" in answer.stderr
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_a_mapping_goes_up_before_its_data_and_the_same_again_is_known(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "columns.json"
    mapping.write_text('{"customer_id": "household_id"}')
    options = ("--mapping", mapping, "--stack", "shop")
    assert retailrec("drop", sales, *options).exit_code == 0
    (run,) = pipeline.ledger.runs()
    assert run.configuration["column_mapping"] == mapping.read_text()
    for again in (options, ("--stack", "shop")):  # a mapping stays with its key
        answer = retailrec("drop", sales, *again)
        assert answer.exit_code == 0
        assert f"The same bytes were dropped before: run {run.run_id} is live" in words(answer.stdout)

    mapping.write_text('{"customer_id": "shopper"}')
    answer = retailrec("drop", sales, *options)
    assert answer.exit_code == 0
    assert "dropped before" not in answer.stdout
    assert len(list(pipeline.ledger.runs())) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"shopper": "x"}', "is no column"),
        (b"{", "no JSON"),
        (b"\xff\xfe{", "save it as JSON in UTF-8"),
    ],
)
def test_a_mapping_that_cannot_be_used_uploads_nothing(
    content: bytes, reason: str, retailrec: Invoke, stack: FakeServer, sales: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "columns.json"
    mapping.write_bytes(content)
    answer = retailrec("drop", sales, "--mapping", mapping, "--stack", "shop")
    assert answer.exit_code == 1
    assert reason in words(answer.stderr)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_a_key_that_names_a_mapping_is_refused(retailrec: Invoke, stack: FakeServer, sales: Path) -> None:
    answer = retailrec("drop", sales, "--key", "shop.csv.mapping.json", "--stack", "shop")
    assert answer.exit_code == 1
    assert "--mapping" in answer.stderr


def test_a_key_that_leaves_no_room_for_that_of_the_mapping_is_refused(
    retailrec: Invoke, stack: FakeServer, sales: Path, tmp_path: Path
) -> None:
    mapping = tmp_path / "columns.json"
    mapping.write_text("{}")
    answer = retailrec("drop", sales, "--key", "x" * 1_020, "--mapping", mapping, "--stack", "shop")
    assert answer.exit_code == 1
    assert "give a shorter --key" in words(answer.stderr)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")
