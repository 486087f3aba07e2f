"""``retailrec metrics`` over a ledger and a log in moto, and a SageMaker that knows some jobs."""

import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from retailrec.client.stack import Stack
from retailrec.metrics.training_log import GROUP
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, Upload
from tests.environment import CONFIGURATION
from tests.fakes import FakeSageMaker, refusal
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_server import FakeServer
from tests.unit.command.metrics.measurements import CURVE, METRICS, log_of
from tests.unit.command.runs import with_attributes

pytestmark = pytest.mark.slow

SHOP = ("--stack", "shop")
TRAINED, OLDER, EARLY, REFUSED = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)


@pytest.fixture
def sagemaker(stack: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeSageMaker:
    """A shop with a trained run, an older one, one that has not come so far, and a refused file."""
    ledger = Ledger("ledger", boto3.client("dynamodb"))
    trained = {Stage.TRAIN: StageRecord(started_at="2026-01-02T03:05:00.000Z", attempt=2)}
    older = {Stage.TRAIN: StageRecord(started_at="2026-01-01T03:05:00.000Z")}
    _open(ledger, TRAINED, 2, RunStatus.LIVE, stages=trained)
    _open(ledger, OLDER, 1, RunStatus.SUPERSEDED, stages=older, metrics={"p@k(10)": 0.17})
    _open(ledger, EARLY, 3, RunStatus.PREPARED)
    _open(ledger, REFUSED, 4, RunStatus.REJECTED, reason="There is no column Quantity.")
    fake = FakeSageMaker()
    fake.training_jobs[f"shop-{TRAINED}-2"] = {}
    fake.end_training(f"shop-{TRAINED}-2", METRICS)
    monkeypatch.setattr(Stack, "sagemaker", lambda _self: fake)
    _log(f"shop-{TRAINED}-2/algo-1-1", log_of(CURVE))
    _log(f"shop-{TRAINED}/algo-1-1", log_of({1: (0.9, 0.9), 2: (0.9, 0.9)}))
    return fake


def _open(ledger: Ledger, run_id: str, day: int, status: RunStatus, **fields: Any) -> None:
    at = f"2026-01-{day:02d}T03:04:00.000Z"
    upload = Upload(bucket="raw", key=f"sales-{day}.csv", etag="e", size=1, uploaded_at=at)
    stages = {stage: StageRecord() for stage in Stage} | fields.pop("stages", {})
    run = Run(run_id=run_id, upload=upload, configuration=CONFIGURATION, status=status, stages=stages)
    ledger.open_run(with_attributes(run, **fields))


def _log(stream: str, texts: list[str]) -> None:
    logs = boto3.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    now = int(time.time() * 1000)
    events: Any = [{"timestamp": now + place, "message": text} for place, text in enumerate(texts)]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def test_a_run_is_shown_by_epoch_and_as_a_whole(retailrec: Invoke, sagemaker: FakeSageMaker) -> None:
    answer = retailrec("metrics", TRAINED[:4], *SHOP)
    assert answer.exit_code == 0, answer.stderr
    assert "0.2100" in answer.stdout, "of the present attempt's log"
    assert "0.9000" not in answer.stdout, "of an earlier attempt's"
    assert "0.2000 ± 0.0100" in answer.stdout
    answer = json.loads(retailrec("metrics", TRAINED, "--json", *SHOP).stdout)
    assert answer[0]["metrics"] == METRICS
    assert answer[0]["epochs"]["epoch_p@k(10)"][-1] == {"epoch": 4, "value": 0.21}


def test_a_picture_is_drawn_where_it_is_wanted(
    retailrec: Invoke, sagemaker: FakeSageMaker, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    answer = retailrec("metrics", TRAINED, "--plot", path, *SHOP)
    assert answer.exit_code == 0, answer.stderr
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in answer.stdout.replace("\n", "")


def test_runs_are_compared_the_oldest_first(
    retailrec: Invoke, sagemaker: FakeSageMaker, tmp_path: Path
) -> None:
    for chosen in (("--all",), ("--last", 5), (TRAINED, OLDER), (OLDER, TRAINED, OLDER)):
        answer = json.loads(retailrec("metrics", *chosen, "--json", *SHOP).stdout)
        assert [each["run_id"] for each in answer] == [OLDER, TRAINED]
    assert answer[0]["metrics"] == {"p@k(10)": 0.17}, (
        "SageMaker has forgotten the job: the ledger has its metrics"
    )
    assert retailrec("metrics", "--all", "--plot", tmp_path / "a.svg", *SHOP).exit_code == 0
    (newest,) = json.loads(retailrec("metrics", "--last", 1, "--json", *SHOP).stdout)
    assert newest["run_id"] == TRAINED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("zz",), "There is no run zz: `retailrec runs` lists them."),
        ((EARLY,), f"Run {EARLY} is prepared and has no metrics yet"),
        ((TRAINED, REFUSED), f"Run {REFUSED} is rejected and has no metrics: There is no column Quantity."),
        ((), "or give --last N, or --all."),
        ((TRAINED, "--all"), "or give --last N, or --all."),
    ],
)
def test_what_cannot_be_shown_is_a_sentence_and_no_picture(
    retailrec: Invoke, sagemaker: FakeSageMaker, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = retailrec("metrics", *arguments, "--plot", tmp_path / "a.png", *SHOP)
    assert answer.exit_code == 1
    assert said in words(answer.stderr)
    assert not list(tmp_path.iterdir())


def test_before_any_run_was_measured_it_says_so(retailrec: Invoke, stack: FakeServer) -> None:
    assert "No run has metrics yet" in words(retailrec("metrics", "--all", *SHOP).stderr)


def test_a_picture_that_cannot_be_is_refused_before_anything_is_asked(retailrec: Invoke) -> None:
    answer = retailrec("metrics", "ab", "--plot", "curve.gif", "--stack", "nowhere")
    assert answer.exit_code == 1
    assert words(answer.stderr).startswith("curve.gif is not an image")


def test_who_may_not_read_the_job_sees_what_the_ledger_has(
    retailrec: Invoke, sagemaker: FakeSageMaker
) -> None:
    sagemaker.problems["describe_training_job"] = refusal("AccessDeniedException", "not authorized")
    assert "0.1700" in retailrec("metrics", OLDER, *SHOP).stdout
    sagemaker.problems["describe_training_job"] = refusal("ThrottlingException", "Rate exceeded")
    assert "Rate exceeded" in words(retailrec("metrics", OLDER, *SHOP).stderr)
