"""A tuned run: one tuning job, its best training job through the gate, and nothing left of the rest."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from approve_model import app as approve_app
from approve_model.approval import judge_training_job
from reconcile_runs import reconciling
from reconcile_runs.reconciling import reconcile
from reconcile_runs.sweeping import sweep_searches
from retailrec.client.operating import Operator
from retailrec_shared.core import names
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Tuning, Upload
from start_training.training import start_training
from tests.environment import CONFIGURATION, settings
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.test_operating import FakeContext, now_of, operator
from tests.integration.pipeline.test_steps import MARKETPLACE, approved, serve, status

__all__ = ["operator"]
pytestmark = pytest.mark.usefixtures("bus")
GOOD = {"p@k(10)": 0.2, "ndcg@20_new_items": 0.1}


def tuning(book: Ledger, number: int, **changes: object) -> Run:
    """Open a run that is to be tuned, and start its training; a higher number is a later upload."""
    chosen = settings(tuning="on", tuning_jobs_in_total=4, **changes)
    upload = Upload(bucket="raw", key="a.csv", etag=f"e{number}", size=9, uploaded_at=f"2026-01-0{number}")
    run = Run(run_id=f"{number:016x}", upload=upload, configuration=chosen.run_configuration())
    book.open_run(run)
    book.move(run.run_id, RunStatus.PREPARED, counts={"interactions": 9, "customers": 2, "items": 3})
    start_training(run.run_id)
    return run


def job(run: Run) -> str:
    return f"tuning-{run.run_id}"


def artifact(run: Run, trained: str) -> str:
    return f"s3://data/runs/{run.run_id}/model/{trained}/output/model.tar.gz"


def tuned(book: Ledger, sagemaker: FakeSageMaker, number: int) -> Run:
    run = tuning(book, number)
    sagemaker.end_tuning(job(run), GOOD)
    judge_training_job(job(run))
    return run


def test_a_run_has_one_tuning_job_in_place_of_a_training_job(book: Ledger, sagemaker: FakeSageMaker) -> None:
    run = tuning(book, 1)
    start_training(run.run_id)
    assert list(sagemaker.tuning_jobs) == [job(run)]
    assert not sagemaker.training_jobs
    assert sagemaker.calls == ["create_hyper_parameter_tuning_job"]
    assert status(book, run) is RunStatus.TRAINING


def test_a_tuning_job_that_a_dead_call_made_is_taken_for_the_runs(
    book: Ledger, sagemaker: FakeSageMaker
) -> None:
    run = tuning(book, 1)
    sagemaker.calls.clear()
    moved = book.update(now_of(book, run), RunStatus.FAILED)
    assert moved
    book.update(moved, RunStatus.PREPARED)
    start_training(run.run_id)
    assert list(sagemaker.tuning_jobs) == [job(run)]
    assert status(book, run) is RunStatus.TRAINING


def test_the_best_training_job_goes_on_with_its_own_metrics_and_artifact(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = tuning(book, 1)
    best = sagemaker.end_tuning(job(run), GOOD)
    event = {"detail": {"HyperParameterTuningJobName": job(run)}}
    approve_app.handler(event, FakeContext())  # type: ignore[arg-type]
    approve_app.handler(event, FakeContext())  # type: ignore[arg-type]
    found = now_of(book, run)
    assert found.status is RunStatus.APPROVED
    assert (found.tuning.best_job, found.tuning.found, found.metrics) == (best, {"factors": "96"}, GOOD)
    model = sagemaker.models[f"retailrec-{run.run_id}"]
    assert model["PrimaryContainer"]["ModelDataUrl"] == artifact(run, best)
    assert {event["run_id"] for event in bus.published("ModelApproved")} == {run.run_id}


def test_the_gate_holds_a_tuned_model_like_any_other(book: Ledger, sagemaker: FakeSageMaker) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 1))
    run = tuning(book, 2)
    sagemaker.end_tuning(job(run), {"p@k(10)": 0.1, "p@k(10)_popularity": 0.15})
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.MODEL_REJECTED
    assert f"retailrec-{run.run_id}" not in sagemaker.models


def test_an_approval_of_an_operators_wakes_by_the_tuning_job(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(job(run), {"p@k(10)": 0.1, "p@k(10)_popularity": 0.15})
    judge_training_job(job(run))
    operator.approve(run.run_id)
    assert bus.published("SageMaker HyperParameter Tuning Job State Change") == [
        {"HyperParameterTuningJobName": job(run)}
    ]
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.APPROVED


@pytest.mark.parametrize("state", ["InProgress", "Stopping"])
def test_a_search_under_way_decides_nothing(book: Ledger, sagemaker: FakeSageMaker, state: str) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(job(run), GOOD, state)
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.TRAINING


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("Failed", "No training job succeeded"),
        ("Stopped", "was stopped before"),
        ("Completed", "without one"),
    ],
)
def test_a_search_that_found_nothing_fails_the_run_and_says_why(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, state: str, reason: str
) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(job(run), None, state)
    judge_training_job(job(run))
    found = now_of(book, run)
    assert (found.status, found.outcome.failed_stage) == (RunStatus.FAILED, Stage.TRAIN)
    assert reason in str(found.outcome.reason)
    assert bus.published("RunFailed")[0]["run_id"] == run.run_id


def test_a_search_stopped_by_hand_goes_on_with_what_it_found(book: Ledger, sagemaker: FakeSageMaker) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(job(run), GOOD, "Stopped")
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.APPROVED


def test_a_retry_searches_again_under_another_name(
    book: Ledger, sagemaker: FakeSageMaker, operator: Operator
) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(job(run), None, "Failed")
    judge_training_job(job(run))
    operator.retry(run.run_id)
    judge_training_job(job(run))  # late, and of the attempt before
    start_training(run.run_id)
    assert list(sagemaker.tuning_jobs) == [job(run), f"{job(run)}-2"]
    assert status(book, run) is RunStatus.TRAINING


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(minutes=minutes)

    monkeypatch.setattr(reconciling, "datetime", Later)


def test_a_lost_event_is_made_up_for(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuning(book, 1)
    later(monkeypatch, 20)
    reconcile()
    kind = "SageMaker HyperParameter Tuning Job State Change"
    assert bus.published(kind) == [{"HyperParameterTuningJobName": job(run)}]
    assert "SageMaker Training Job State Change" not in bus.types()


def test_an_operators_stop_ends_the_run_and_its_search(
    book: Ledger, sagemaker: FakeSageMaker, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tuning(book, 1)
    assert operator.stop(run.run_id).cleanup.jobs_to_stop == (f"hyper-parameter-tuning-job/{job(run)}",)
    reconcile()
    assert sagemaker.tuning_jobs[job(run)]["HyperParameterTuningJobStatus"] == "Stopped"
    sagemaker.end_tuning(job(run), GOOD, "Stopped")
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.FAILED


def test_the_search_of_a_run_that_was_overtaken_is_stopped(
    book: Ledger, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tuning(book, 1)
    serve(book, sagemaker, approved(book, sagemaker, 2))
    reconcile()
    assert status(book, old) is RunStatus.SUPERSEDED
    later(monkeypatch, 5)
    reconcile()
    assert sagemaker.tuning_jobs[job(old)]["HyperParameterTuningJobStatus"] == "Stopped"


def put_artifacts(*jobs: str) -> None:
    for name in jobs:
        key = f"{names.run_key(f'{1:016x}', names.MODEL_PREFIX)}/{name}/output/model.tar.gz"
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=b"model")


def artifacts() -> set[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="data").get("Contents", [])
    return {each["Key"].split("/")[3] for each in found}


def test_models_that_were_not_the_best_are_swept_and_the_best_stays(
    book: Ledger, sagemaker: FakeSageMaker
) -> None:
    run = tuned(book, sagemaker, 1)
    best, others = f"{job(run)}-002-0a1b2c3d", [f"{job(run)}-001-00000000", f"{job(run)}-003-00000000"]
    of_a_later_attempt = f"{job(run)}-2-001-00000000"
    put_artifacts(best, *others, of_a_later_attempt, f"retailrec-{run.run_id}")
    sweep_searches([now_of(book, run)], datetime.now(UTC) + timedelta(hours=1))
    assert artifacts() == {best, *others, of_a_later_attempt, f"retailrec-{run.run_id}"}, "it has not ended"
    serve(book, sagemaker, run)
    sweep_searches([now_of(book, run)], datetime.now(UTC))
    assert set(others) <= artifacts(), "somebody may still be at work"
    sweep_searches([now_of(book, run)], datetime.now(UTC) + timedelta(minutes=5))
    assert artifacts() == {best, of_a_later_attempt, f"retailrec-{run.run_id}"}
    assert now_of(book, run).cleanup.swept_attempts == 1


def test_a_search_begins_from_the_previous_runs(book: Ledger, sagemaker: FakeSageMaker) -> None:
    first, second = tuned(book, sagemaker, 1), tuned(book, sagemaker, 2)
    tuning(book, 3)
    parents = [
        each.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
        for each in sagemaker.tuning_jobs.values()
    ]
    named = [[each["HyperParameterTuningJobName"] for each in group] for group in parents]
    assert named == [[], [job(first)], [job(second)]]


def test_a_search_begins_from_none_that_is_missing_failed_other_or_later(
    book: Ledger, sagemaker: FakeSageMaker
) -> None:
    later_one = tuned(book, sagemaker, 9)
    other = tuning(book, 2, algorithm="als")
    sagemaker.end_tuning(job(other), GOOD)
    judge_training_job(job(other))
    missing = tuned(book, sagemaker, 1)
    del sagemaker.tuning_jobs[job(missing)]
    failed = tuning(book, 3)
    sagemaker.end_tuning(job(failed), None, "Failed")
    judge_training_job(job(failed))
    run = tuning(book, 4)
    assert status(book, later_one) is RunStatus.APPROVED
    assert "WarmStartConfig" not in sagemaker.tuning_jobs[job(run)]


def test_a_search_waits_for_quota_like_any_job(book: Ledger, sagemaker: FakeSageMaker) -> None:
    sagemaker.over_quota = True
    with pytest.raises(NotYet):
        tuning(book, 1)
    assert "limit is 0" in str(book.get(f"{1:016x}").stages[Stage.TRAIN].waiting)  # type: ignore[union-attr]


def test_a_marketplace_algorithms_best_job_becomes_a_model_package(
    book: Ledger, sagemaker: FakeSageMaker
) -> None:
    run = tuning(book, 1, algorithm_arn=MARKETPLACE, algorithm_image_uri="")
    best = sagemaker.end_tuning(job(run), {"p@k(10)": 0.2})
    with pytest.raises(NotYet):
        judge_training_job(job(run))
    (package,) = sagemaker.packages.values()
    source = package["SourceAlgorithmSpecification"]["SourceAlgorithms"][0]
    assert source == {"AlgorithmName": MARKETPLACE, "ModelDataUrl": artifact(run, best)}
    package["ModelPackageStatus"] = "Completed"
    judge_training_job(f"retailrec-{run.run_id}")
    assert status(book, run) is RunStatus.APPROVED


def test_a_run_asked_for_by_hand_comes_after_the_one_it_repeats_and_before_later_uploads(
    book: Ledger,
) -> None:
    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01", sequencer="1")
    next_one = upload.model_copy(update={"uploaded_at": "2026-01-02"})
    first = Run(run_id="f" * 16, upload=upload, configuration=CONFIGURATION)
    asked = [
        Run(
            run_id="0" * 16,
            upload=upload,
            configuration={},
            tuning=Tuning(requested_at="2026-03-01T00:00:00.000Z"),
        ),
        Run(
            run_id="9" * 16,
            upload=upload,
            configuration={},
            tuning=Tuning(requested_at="2026-03-02T00:00:00.000Z"),
        ),
    ]
    newer = Run(run_id="0" * 16, upload=next_one, configuration={})
    orders = [run.order for run in (first, *asked, newer)]
    assert orders == sorted(orders)


def test_the_fake_knows_no_stranger(sagemaker: FakeSageMaker) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="x")
