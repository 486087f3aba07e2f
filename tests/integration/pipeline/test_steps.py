"""Each step does its work once, whatever is delivered twice, late or after a crash."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from publish_recommendations.publishing import transform_job_changed
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import endpoint_request
from retailrec_shared.ledger.activation import activate_if_ready
from retailrec_shared.ledger.failure import fail_run
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.sagemaker import deployment
from retailrec_shared.sagemaker.retirement import retire_old_runs
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.environment import CONFIGURATION
from tests.fakes import FakeEventBridge, FakeSageMaker, refusal

ENDPOINT = "retailrec-endpoint"
MARKETPLACE = (
    "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
)


def opened(book: Ledger, number: int, upload: Upload | None = None, **more: str) -> Run:
    """Open a run; a higher number is a later upload."""
    upload = upload or Upload(
        bucket="raw", key="a.csv", etag=f"e{number}", size=9, uploaded_at=f"2026-01-0{number}"
    )
    run = Run(run_id=f"{number:016x}", upload=upload, configuration=CONFIGURATION | more)
    book.open_run(run)
    return run


def prepared(book: Ledger, number: int, upload: Upload | None = None, **more: str) -> Run:
    run = opened(book, number, upload, **more)
    book.move(run.run_id, RunStatus.PREPARED, counts={"interactions": 9, "customers": 2, "items": 3})
    return run


def approved(book: Ledger, sagemaker: FakeSageMaker, number: int, **more: str) -> Run:
    run = prepared(book, number, None, **more)
    start_training(run.run_id)
    sagemaker.end_training(job(run), {"p@k(10)": 0.2})
    judge_training_job(job(run))
    return run


def job(run: Run) -> str:
    return f"retailrec-{run.run_id}"


def serving(run: Run) -> str:
    """Name of the model and config of a run's serverless endpoint."""
    return f"retailrec-{run.run_id}-s1"


def models(*runs: Run) -> set[str]:
    return {name for run in runs for name in (job(run), serving(run))}


def status(book: Ledger, run: Run) -> RunStatus:
    found = book.get(run.run_id)
    assert found is not None
    return found.status


def retire() -> None:
    """Retire old runs as the reconciler does, some time later."""
    retire_old_runs(datetime.now(UTC) + timedelta(minutes=5))


def serve(book: Ledger, sagemaker: FakeSageMaker, run: Run) -> None:
    """Take an approved run to live."""
    book.end_stage(run.run_id, Stage.PUBLISH)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)


def test_training_starts_once(book: Ledger, sagemaker: FakeSageMaker) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    start_training(run.run_id)
    assert list(sagemaker.training_jobs) == [job(run)]
    assert sagemaker.calls == ["create_training_job"]
    assert status(book, run) is RunStatus.TRAINING


def test_training_goes_on_when_its_job_was_created_by_a_call_that_died(
    book: Ledger, sagemaker: FakeSageMaker
) -> None:
    run = prepared(book, 1)
    sagemaker.create_training_job(TrainingJobName=job(run))
    start_training(run.run_id)
    assert status(book, run) is RunStatus.TRAINING


def test_without_quota_a_run_waits_and_says_for_what(book: Ledger, sagemaker: FakeSageMaker) -> None:
    run = prepared(book, 1)
    sagemaker.over_quota = True
    with pytest.raises(NotYet):
        start_training(run.run_id)
    waiting = book.get(run.run_id)
    assert waiting is not None
    assert waiting.status is RunStatus.PREPARED
    assert "limit is 0" in str(waiting.stages[Stage.TRAIN].waiting)
    sagemaker.over_quota = False
    start_training(run.run_id)
    assert status(book, run) is RunStatus.TRAINING


def test_a_run_older_than_the_live_one_is_not_trained(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 2))
    old = prepared(book, 1)
    start_training(old.run_id)
    assert status(book, old) is RunStatus.SUPERSEDED
    assert job(old) not in sagemaker.training_jobs


def test_an_approved_model_is_announced_with_its_metrics(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = approved(book, sagemaker, 1)
    assert status(book, run) is RunStatus.APPROVED
    assert set(sagemaker.models) == models(run)
    assert bus.published("ModelApproved") == [
        {"version": "1", "run_id": run.run_id, "model_name": job(run), "metrics": {"p@k(10)": 0.2}}
    ]


def test_a_job_still_running_decides_nothing(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.TRAINING
    assert bus.entries == []


def test_a_failed_job_fails_its_run_with_its_reason(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    sagemaker.end_training(job(run), {}, "Failed")
    judge_training_job(job(run))
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.FAILED
    (event,) = bus.published("RunFailed")
    assert event["stage"] == "train"
    assert event["reason"] == "AlgorithmError: no rows"
    assert event["next_step"]


def test_a_model_below_the_floor_is_rejected(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALITY_FLOOR", "0.3")
    settings.cache_clear()
    run = approved(book, sagemaker, 1)
    assert status(book, run) is RunStatus.MODEL_REJECTED
    assert sagemaker.models == {}
    assert bus.types() == ["ModelRejected"]


def test_a_marketplace_model_is_made_of_its_package(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    with pytest.raises(NotYet):
        approved(book, sagemaker, 1, algorithm=MARKETPLACE)
    ((name, package),) = sagemaker.packages.items()
    assert package["SourceAlgorithmSpecification"]["SourceAlgorithms"][0]["AlgorithmName"] == MARKETPLACE
    with pytest.raises(NotYet):
        judge_training_job(name)
    assert sagemaker.models == {}
    package["ModelPackageStatus"] = "Completed"
    judge_training_job(name)
    assert sagemaker.models[name]["PrimaryContainer"] == {"ModelPackageName": name}
    assert bus.types() == ["ModelApproved"]


def test_a_failed_model_package_fails_its_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    with pytest.raises(NotYet):
        approved(book, sagemaker, 1, algorithm=MARKETPLACE)
    ((name, package),) = sagemaker.packages.items()
    package["ModelPackageStatus"] = "Failed"
    package["ModelPackageStatusDetails"] = {
        "ValidationStatuses": [{"Name": "x", "FailureReason": "Not subscribed."}]
    }
    judge_training_job(name)
    assert bus.published("RunFailed")[0]["reason"].endswith("Not subscribed.")


def test_an_event_that_outruns_the_ledger_is_understood(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = prepared(book, 1)
    sagemaker.create_training_job(TrainingJobName=job(run))
    sagemaker.end_training(job(run), {"p@k(10)": 0.2})
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.APPROVED


def test_jobs_of_others_are_left_alone(book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge) -> None:
    judge_training_job("retailrec-somebody-elses")
    judge_training_job(f"retailrec-{'0' * 16}")
    endpoint_changed("another-endpoint")
    assert bus.entries == []


def test_the_batch_starts_once(book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge) -> None:
    run = approved(book, sagemaker, 1)
    start_batch(run.run_id)
    start_batch(run.run_id)
    assert sagemaker.calls.count("create_transform_job") == 1


def test_a_run_is_live_only_when_published_and_deployed(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert status(book, run) is RunStatus.APPROVED
    published = book.end_stage(run.run_id, Stage.PUBLISH)
    assert published is not None
    assert activate_if_ready(published)
    assert status(book, run) is RunStatus.LIVE
    assert book.pointer("live") == run.run_id
    assert bus.published("EndpointLive") == [{"version": "1", "run_id": run.run_id, "replaced": None}]


def test_a_newer_run_replaces_the_live_one_and_keeps_a_way_back(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    runs = []
    for number in (1, 2, 3):
        runs.append(approved(book, sagemaker, number))
        serve(book, sagemaker, runs[-1])
    assert [status(book, run) for run in runs] == [
        RunStatus.SUPERSEDED,
        RunStatus.SUPERSEDED,
        RunStatus.LIVE,
    ]
    retire()
    assert set(sagemaker.models) == models(runs[1], runs[2]), "one superseded run is retained"
    assert sorted(sagemaker.configs) == [serving(runs[1]), serving(runs[2])]


def test_the_newest_waits_for_a_busy_endpoint_and_overtakes_the_others(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    first = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    second, third = (approved(book, sagemaker, number) for number in (2, 3))
    with pytest.raises(NotYet):
        deployment.reconcile_endpoint()
    waiting = book.get(third.run_id)
    assert waiting is not None
    assert waiting.stages[Stage.DEPLOY].waiting == "The endpoint is Creating."
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["Next"] == serving(third)
    book.end_stage(third.run_id, Stage.PUBLISH)
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert status(book, third) is RunStatus.LIVE
    assert {status(book, first), status(book, second)} == {RunStatus.SUPERSEDED}
    retire()
    assert set(sagemaker.models) == models(third), "runs that never served leave nothing in SageMaker"


def test_an_update_that_sagemaker_rolled_back_fails_its_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    good = approved(book, sagemaker, 1)
    serve(book, sagemaker, good)
    bad = approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint(rolled_back=True)
    endpoint_changed(ENDPOINT)
    assert status(book, bad) is RunStatus.FAILED
    assert status(book, good) is RunStatus.LIVE
    assert sagemaker.calls.count("update_endpoint") == 1


def test_after_a_roll_back_the_next_newest_gets_its_turn(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    older, newer = approved(book, sagemaker, 2), approved(book, sagemaker, 3)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint(rolled_back=True)
    endpoint_changed(ENDPOINT)
    assert status(book, newer) is RunStatus.FAILED
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["Next"] == serving(older)


def test_an_endpoint_whose_creation_failed_makes_way(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    good, bad = approved(book, sagemaker, 1), approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    assert sagemaker.endpoint is not None
    sagemaker.endpoint |= {"EndpointStatus": "Failed", "FailureReason": "The image has no /ping."}
    with pytest.raises(NotYet):
        endpoint_changed(ENDPOINT)
    assert status(book, bad) is RunStatus.FAILED
    assert bus.published("RunFailed")[0]["reason"] == "The image has no /ping."
    deployment.reconcile_endpoint()
    assert sagemaker.endpoint["EndpointConfigName"] == serving(good)


def test_a_model_that_fails_after_its_deployment_leaves_the_endpoint(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    bad = approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    fail_run(bad.run_id, Stage.BATCH, "AlgorithmError")
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["EndpointConfigName"] == serving(live)
    assert book.pointer("live") == live.run_id


def test_an_endpoint_that_somebody_deleted_comes_back_with_the_live_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    sagemaker.endpoint = None
    deployment.reconcile_endpoint()
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["EndpointConfigName"] == serving(live)  # type: ignore[unreachable]


def test_an_endpoint_comes_back_as_the_kind_that_is_asked_for_now(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    assert "ServerlessConfig" in sagemaker.configs[serving(live)]["ProductionVariants"][0]
    monkeypatch.setenv("ENDPOINT_MODE", "instance")
    settings.cache_clear()
    sagemaker.endpoint = None
    deployment.reconcile_endpoint()
    assert "InstanceType" in sagemaker.configs[job(live)]["ProductionVariants"][0]


def test_without_an_endpoint_mode_there_is_no_endpoint_to_pay_for(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 1))
    monkeypatch.setenv("ENDPOINT_MODE", "none")
    settings.cache_clear()
    endpoint_changed(ENDPOINT)
    assert sagemaker.endpoint is None


def test_what_sagemaker_calls_invalid_fails_the_run_at_once(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_request: object) -> None:
        raise refusal("ValidationException", "ml.m5.nano is not an instance type.")

    monkeypatch.setattr(sagemaker, "create_training_job", refuse)
    run = prepared(book, 1)
    start_training(run.run_id)
    assert status(book, run) is RunStatus.FAILED
    assert "ml.m5.nano" in bus.published("RunFailed")[0]["reason"]


def test_a_failure_that_was_not_announced_is_announced_later(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = opened(book, 1)
    bus.broken = True
    with pytest.raises(RuntimeError):
        fail_run(run.run_id, Stage.PREPARE, "why")
    bus.broken = False
    fail_run(run.run_id, Stage.PREPARE, "why")
    fail_run(run.run_id, Stage.PREPARE, "why")
    assert bus.types() == ["RunFailed"]


def test_a_run_that_deployed_well_is_taken_back_not_failed_when_a_newer_one_fails(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    older = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()  # its own event is lost
    newer = approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    fail_run(newer.run_id, Stage.BATCH, "AlgorithmError")
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert status(book, older) is RunStatus.APPROVED
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["EndpointConfigName"] == serving(older)
    published = book.end_stage(older.run_id, Stage.PUBLISH)
    assert published is not None
    assert activate_if_ready(published)


def test_an_endpoint_that_another_run_created_first_is_no_attempt_of_ours(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = approved(book, sagemaker, 1), approved(book, sagemaker, 2)
    sagemaker.create_endpoint_config(
        EndpointConfigName=serving(first),
        ProductionVariants=[{"ModelName": serving(first), "ServerlessConfig": {}}],
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=serving(first))
    with monkeypatch.context() as blind:
        blind.setattr(deployment, "describe", lambda: None)
        with pytest.raises(NotYet):
            deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert status(book, second) is RunStatus.APPROVED
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["Next"] == serving(second)


def test_a_live_run_that_the_endpoint_refuses_is_not_tried_without_end(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    bad = approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    fail_run(bad.run_id, Stage.BATCH, "AlgorithmError")
    deployment.reconcile_endpoint()
    for _ in range(3):
        if sagemaker.endpoint and "Next" in sagemaker.endpoint:
            sagemaker.settle_endpoint(rolled_back=True)
        with pytest.raises(NotYet):
            endpoint_changed(ENDPOINT)
    assert sagemaker.calls.count("update_endpoint") == 2
    assert status(book, live) is RunStatus.LIVE


def test_an_endpoint_of_a_failed_first_run_is_removed(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    only = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    fail_run(only.run_id, Stage.BATCH, "AlgorithmError")
    deployment.reconcile_endpoint()
    assert sagemaker.endpoint is None


def test_another_kind_of_endpoint_is_waited_for_not_failed(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENDPOINT_MODE", "instance")
    settings.cache_clear()
    serve(book, sagemaker, approved(book, sagemaker, 1))
    monkeypatch.setenv("ENDPOINT_MODE", "serverless")
    settings.cache_clear()
    newer = approved(book, sagemaker, 2)
    with pytest.raises(NotYet, match="aws sagemaker delete-endpoint --endpoint-name retailrec-endpoint"):
        deployment.reconcile_endpoint()
    assert status(book, newer) is RunStatus.APPROVED


def test_a_run_that_failed_meanwhile_does_not_go_live(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = approved(book, sagemaker, 1)
    book.end_stage(run.run_id, Stage.DEPLOY)
    stale = book.end_stage(run.run_id, Stage.PUBLISH)
    fail_run(run.run_id, Stage.BATCH, "stopped by hand")
    assert stale is not None
    assert not activate_if_ready(stale)
    assert book.pointer("live") is None


def test_an_endpoint_of_a_run_that_went_live_meanwhile_is_not_deleted(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    book.end_stage(run.run_id, Stage.PUBLISH)
    read = Ledger.pointer

    def slow_read(self: Ledger, name: Literal["live"]) -> str | None:
        found = read(self, name)
        monkeypatch.setattr(Ledger, "pointer", read)
        endpoint_changed(ENDPOINT)  # another function makes the run live, after the pointer was read
        return found

    monkeypatch.setattr(Ledger, "pointer", slow_read)
    deployment.reconcile_endpoint()
    assert status(book, run) is RunStatus.LIVE
    assert "delete_endpoint" not in sagemaker.calls


def test_a_slow_function_does_not_undo_a_newer_request(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 1))
    approved(book, sagemaker, 2)
    describe = deployment.describe

    def slow_describe() -> deployment.EndpointState | None:
        monkeypatch.setattr(deployment, "describe", describe)
        newer = approved(book, sagemaker, 3)
        deployment.reconcile_endpoint()
        sagemaker.settle_endpoint()
        assert sagemaker.endpoint is not None
        assert sagemaker.endpoint["EndpointConfigName"] == serving(newer)
        return describe()

    monkeypatch.setattr(deployment, "describe", slow_describe)
    with pytest.raises(NotYet):
        deployment.reconcile_endpoint()
    assert sagemaker.endpoint is not None
    assert "Next" not in sagemaker.endpoint


def test_a_crash_after_an_update_blames_no_other_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = approved(book, sagemaker, 1)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    newer = approved(book, sagemaker, 2)

    def die(_request: object) -> None:
        raise TimeoutError("killed after UpdateEndpoint")

    with monkeypatch.context() as dying:
        dying.setattr(endpoint_request, "mark_accepted", die)
        with pytest.raises(TimeoutError):
            deployment.reconcile_endpoint()
    sagemaker.settle_endpoint()
    fail_run(newer.run_id, Stage.BATCH, "AlgorithmError")
    deployment.reconcile_endpoint()
    assert status(book, older) is RunStatus.APPROVED, "it served well, and nobody rolled it back"
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["Next"] == serving(older)


def test_a_run_that_ended_just_now_is_not_retired_yet(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    run = approved(book, sagemaker, 1)
    fail_run(run.run_id, Stage.BATCH, "AlgorithmError")
    retire_old_runs(datetime.now(UTC))
    assert set(sagemaker.models) == models(run), "approve_model may be making it still"
    retire()
    assert sagemaker.models == {}


def test_a_run_whose_job_sagemaker_forgot_fails_and_says_so(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    training, batch = prepared(book, 1), approved(book, sagemaker, 2)
    start_training(training.run_id)
    start_batch(batch.run_id)
    sagemaker.training_jobs.clear()
    sagemaker.transform_jobs.clear()
    judge_training_job(job(training))
    transform_job_changed(job(batch))
    assert [event["stage"] for event in bus.published("RunFailed")] == ["train", "batch"]


def test_a_job_that_was_never_made_fails_nothing(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    waiting, unbatched = prepared(book, 1), approved(book, sagemaker, 2)
    judge_training_job(job(waiting))
    transform_job_changed(job(unbatched))
    assert (status(book, waiting), status(book, unbatched)) == (RunStatus.PREPARED, RunStatus.APPROVED)
