"""``retailrec tune``: what it makes, what it says, and what it refuses."""

import json
from collections.abc import Generator
from typing import Any

import boto3
import pytest

from retailrec.client.stack import Stack
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, Upload
from tests.environment import settings
from tests.fakes import FakeSageMaker
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_server import FakeServer

pytestmark = pytest.mark.slow

RUN = "0123456789abcdef"
COUNTS = {"interactions": 100, "customers": 9, "items": 8}
FILES = {
    names.TRAIN_CSV: b"user_id,item_id\n",
    names.TEST_CSV: b"user_id,item_id\n",
    names.BATCH_INPUT_JSONL: b"{}\n",
    names.CATALOGUE_JSONL: b"zipped",
    names.QUALITY_REPORT_JSON: json.dumps({"run_id": RUN}).encode(),
    f"{names.MODEL_PREFIX}/retailrec-{RUN}/output/model.tar.gz": b"model",
    names.RECOMMENDATIONS_PARQUET: b"lists",
}


class Search:
    """The pipeline and SageMaker from the moment a tuned run is there, one step for each pause."""

    def __init__(self, book: Ledger) -> None:
        self.book = book
        self.sagemaker = FakeSageMaker()
        self._life: Generator[None] | None = None

    def pause(self, *_: Any) -> None:
        self._life = self._life or self._live()
        next(self._life, None)

    def _live(self) -> Generator[None]:
        run = next(run for run in self.book.runs() if run.tuning.source_run)
        name = names.tuning_job_name(run.run_id)
        self.sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        self.sagemaker.end_tuning(name, {"p@k(10)": 0.2}, "InProgress")
        best = {"FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "x", "Value": 0.125}}
        self.sagemaker.tuning_jobs[name]["BestTrainingJob"] |= best
        self.book.start_stage(run.run_id, Stage.TRAIN)
        self.book.move(run.run_id, RunStatus.TRAINING)
        yield
        self.book.record(run.run_id, tuned={"factors": "96", "alpha": "2.5"})
        self.book.move(run.run_id, RunStatus.APPROVED)
        for stage in Stage:
            self.book.end_stage(run.run_id, stage)
        self.book.go_live(run.run_id)
        yield


@pytest.fixture
def search(stack: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Search:
    """A shop whose live run has data, on fakes that go on with a search."""
    boto3.client("events").create_event_bus(Name="bus")
    fake = Search(Ledger("ledger", boto3.client("dynamodb")))
    monkeypatch.setattr(Stack, "pause", fake.pause)
    monkeypatch.setattr(Stack, "sagemaker", lambda _stack: fake.sagemaker)
    fake.book.open_run(made(RUN))
    for relative, body in FILES.items():
        boto3.client("s3").put_object(Bucket="data", Key=names.run_key(RUN, relative), Body=body)
    return fake


def made(run_id: str, uploaded: str = "2026-01-01T00:00:00.000Z", **fields: Any) -> Run:
    upload = Upload(bucket="raw", key="sales.csv", etag="e1", size=9, uploaded_at=uploaded)
    stages = dict.fromkeys(Stage, StageRecord()) | {
        Stage.PREPARE: StageRecord(started_at=uploaded, ended_at=uploaded)
    }
    usual = {"configuration": settings().run_configuration(), "counts": COUNTS, "stages": stages}
    return Run(run_id=run_id, upload=upload, **usual | {"status": RunStatus.FAILED} | fields)


def live(book: Ledger, run: Run) -> None:
    book.open_run(run.model_copy(update={"status": RunStatus.APPROVED}))
    book.go_live(run.run_id)


def tuned(book: Ledger) -> Run:
    (run,) = [run for run in book.runs() if run.tuning.source_run]
    return run


def objects(run_id: str) -> dict[str, bytes]:
    s3, prefix = boto3.client("s3"), names.run_prefix(run_id)
    found = s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): s3.get_object(Bucket="data", Key=each["Key"])["Body"].read()
        for each in found
    }


def test_a_search_is_a_run_of_its_own_followed_to_its_end(search: Search, retailrec: Invoke) -> None:
    done = retailrec("tune", RUN[:6], "--jobs", 6, "--parallel", 9, "--stack", "shop")
    run = tuned(search.book)
    assert done.exit_code == 0, done.output
    assert run.status is RunStatus.LIVE
    assert run.configuration["tuning_jobs_in_total"] == run.configuration["tuning_jobs_in_parallel"] == "6"
    said = words(done.output)
    assert f"Run {run.run_id} searches on the data of run {RUN}" in said
    assert "0 of 6 training jobs, best 0.1250" not in said
    assert "2 of 6 training jobs, best 0.1250" in said
    assert "It found alpha 2.5, factors 96" in said


def test_it_has_the_prepared_data_and_nothing_else_of_the_other_run(
    search: Search, retailrec: Invoke
) -> None:
    retailrec("tune", RUN, "--no-follow", "--stack", "shop")
    run = tuned(search.book)
    copied = objects(run.run_id)
    assert set(copied) == {relative for relative in FILES if not relative.startswith(("model", "recomm"))}
    assert json.loads(copied[names.QUALITY_REPORT_JSON]) == {"run_id": run.run_id}
    assert copied[names.CATALOGUE_JSONL] == b"zipped"
    assert (run.status, run.counts, run.configuration["tuning"]) == (RunStatus.PREPARED, COUNTS, "on")
    assert run.order > made(RUN).order
    assert objects(RUN) == FILES


def test_the_same_search_twice_is_one_run(search: Search, retailrec: Invoke) -> None:
    retailrec("tune", RUN, "--jobs", 6, "--stack", "shop")
    again = retailrec("tune", RUN, "--jobs", 6, "--stack", "shop")
    assert again.exit_code == 0
    assert f"run {tuned(search.book).run_id} is live; nothing was done" in words(again.output)


def test_a_search_goes_on_from_a_tuned_run_without_its_search(search: Search, retailrec: Invoke) -> None:
    retailrec("tune", RUN, "--jobs", 6, "--stack", "shop")
    first = tuned(search.book)
    assert retailrec("tune", first.run_id, "--jobs", 9, "--no-follow", "--stack", "shop").exit_code == 0
    second = next(run for run in search.book.runs() if run.tuning.source_run == first.run_id)
    changed = {
        name for name in second.configuration if second.configuration[name] != first.configuration[name]
    }
    assert changed == {"tuning_jobs_in_total"}
    assert second.order > first.order


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"counts": {}}, "has no data to tune on"),
        ({"stages": dict.fromkeys(Stage, StageRecord())}, "has no data to tune on"),
        ({"configuration": settings(algorithm="popularity").run_configuration()}, "nothing to search"),
    ],
)
def test_a_run_that_cannot_be_tuned_on_is_refused(
    search: Search, retailrec: Invoke, fields: dict[str, Any], said: str
) -> None:
    search.book.open_run(made("f" * 16, **fields))
    refused = retailrec("tune", "f" * 16, "--stack", "shop")
    assert refused.exit_code != 0
    assert said in words(refused.output)
    assert not [run for run in search.book.runs() if run.tuning.source_run]


def test_a_run_that_a_later_upload_has_overtaken_is_refused(search: Search, retailrec: Invoke) -> None:
    live(search.book, made("e" * 16, "2026-01-05T00:00:00.000Z"))
    refused = retailrec("tune", RUN, "--stack", "shop")
    assert "an earlier upload never replaces it" in words(refused.output)


def test_data_that_is_gone_makes_no_run(search: Search, retailrec: Invoke) -> None:
    boto3.client("s3").delete_object(Bucket="data", Key=names.run_key(RUN, names.TRAIN_CSV))
    refused = retailrec("tune", RUN, "--stack", "shop")
    assert "drop its file again" in words(refused.output)
    assert not [run for run in search.book.runs() if run.tuning.source_run]


@pytest.mark.parametrize("option", [("--jobs", "1"), ("--jobs", "751"), ("--parallel", "11")])
def test_limits_are_those_of_sagemaker(search: Search, retailrec: Invoke, option: tuple[str, str]) -> None:
    assert retailrec("tune", RUN, *option, "--stack", "shop").exit_code == 2
