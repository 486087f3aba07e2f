"""Every function, with each of its events, through `sam local invoke`; the outcome is in the cloud.

A test follows the data's path: a step goes on where the one before it ended.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from local.samlocal.deployed import of_run
from local.samlocal.values import Values
from retailrec.client.tuning import begin, copy_data, tuned_run
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.serving.keys import customer_key
from tests.local_sagemaker import ask_sagemaker
from tests.sam_local.world import ROOT, World

pytestmark = pytest.mark.timeout(1800)

PREPARE, TRAIN, APPROVE = "PrepareDatasetFunction", "StartTrainingFunction", "ApproveModelFunction"
BATCH, PUBLISH = "StartBatchFunction", "PublishRecommendationsFunction"
UPDATE, ACTIVATE = "UpdateEndpointFunction", "ActivateEndpointFunction"
NOT_THERE = {"api-unknown-item": 404, "api-unknown-path": 404, "api-wrong-method": 405}
REQUESTS = sorted(path.stem for path in (ROOT / "events").glob("api-*.json"))


def prepare(world: World, path: Path, key: str) -> Values:
    dropped = world.drop(path, key)
    row, _ = world.invoke(PREPARE, "object-created", dropped)
    run = world.run_of(dropped)
    assert run.status is RunStatus.PREPARED, run.outcome.reason
    row.outcome = f"ledger: prepared, {run.counts['interactions']:,} interactions"
    return world.with_run(dropped)


def train(world: World, run: Values) -> str:
    row, _ = world.invoke(TRAIN, "dataset-prepared", run)
    job = world.stack.sagemaker().describe_training_job(TrainingJobName=run.name)
    sources = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["InputDataConfig"]]
    assert all(f"/{names.run_prefix(run.run_id)}" in source for source in sources)
    assert world.run_of(run).status is RunStatus.TRAINING
    row.outcome = "training job created"
    return job["TrainingJobStatus"]


def trained(world: World, run: Values) -> bool:
    describe = world.stack.sagemaker().describe_training_job
    return describe(TrainingJobName=run.name)["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"}


def transformed(world: World, run: Values) -> bool:
    describe = world.stack.sagemaker().describe_transform_job
    return describe(TransformJobName=run.name)["TransformJobStatus"] in {"Completed", "Failed", "Stopped"}


def fault(world: World, **fields: Any) -> None:
    assert world.stack.cloud
    ask_sagemaker(world.stack.cloud, "POST", "/_faults", fields)


@pytest.mark.slow
def test_a_file_goes_live_through_every_function(world: World, shop_file: Path) -> None:
    run = to_live(world, shop_file, "shop + co (2011).xlsx")
    an_api_request_is_answered(world, run, "api-recommendations")
    schedule_finds_what_somebody_deleted(world, run)


@pytest.mark.soak
def test_every_other_event_does_what_it_should(world: World, shop_file: Path, tmp_path: Path) -> None:
    run = to_live(world, shop_file, "all events.xlsx")
    object_created_of_a_file_that_is_no_shops(world, run, tmp_path)
    endpoint_failed_that_comes_late_changes_nothing(world, run)
    run_failed_leaves_the_endpoint_with_the_live_run(world, run)
    for request in REQUESTS:
        an_api_request_is_answered(world, run, request)
    training_job_failed(world, run, shop_file)
    training_job_stopped(world, run, shop_file)
    transform_and_endpoint_failed(world, run, shop_file)
    model_package_completed_for_a_run_that_has_its_model_changes_nothing(world, run)
    object_created_below_append_adds_to_the_dataset(world, run, shop_file)
    retraining_requested_prepares_the_newest_dataset_again(world, run)
    tuning_job_completed_goes_on_with_the_best_of_its_jobs(world, run)


def to_live(world: World, path: Path, key: str) -> Values:
    """Take a file's run through the functions until it is live."""
    world.announced()
    run = prepare(world, path, key)
    assert world.kinds_announced() == ["DatasetPrepared"]
    object_created_writes_the_dataset(world, run)
    assert train(world, run) in {"InProgress", "Completed"}
    training_job_completed_makes_the_model(world, run)
    model_approved_starts_the_batch(world, run)
    model_approved_creates_the_endpoint(world, run)
    transform_job_completed_publishes(world, run)
    endpoint_in_service_makes_the_run_live(world, run)
    return run


def object_created_writes_the_dataset(world: World, run: Values) -> None:
    listed = world.stack.s3().list_objects_v2(Bucket=run.data_bucket, Prefix=names.run_prefix(run.run_id))
    written = {thing["Key"].removeprefix(names.run_prefix(run.run_id)) for thing in listed["Contents"]}
    assert written >= {names.TRAIN_CSV, names.TEST_CSV, names.TRAIN_PARQUET, names.QUALITY_REPORT_HTML}


def object_created_of_a_file_that_is_no_shops(world: World, run: Values, tmp_path: Path) -> None:
    bad = tmp_path / "people.csv"
    bad.write_text("name,age\nA,3\n")
    dropped = world.drop(bad, "people.csv")
    row, _ = world.invoke(PREPARE, "object-created", dropped, "object-created, unusable file")
    assert world.run_of(dropped).status is RunStatus.REJECTED
    assert world.kinds_announced() == ["DatasetRejected"]
    row.outcome = "ledger: rejected; DatasetRejected"


def training_job_completed_makes_the_model(world: World, run: Values) -> None:
    world.wait("training", lambda: trained(world, run))
    row, _ = world.invoke(APPROVE, "training-job-completed", run)
    assert world.stack.sagemaker().describe_model(ModelName=run.name)["ModelName"] == run.name
    assert world.run_of(run).status is RunStatus.APPROVED
    assert world.kinds_announced() == ["ModelApproved"]
    row.outcome = "ledger: approved; model created; ModelApproved"


def model_approved_starts_the_batch(world: World, run: Values) -> None:
    row, _ = world.invoke(BATCH, "model-approved", run)
    job = world.stack.sagemaker().describe_transform_job(TransformJobName=run.name)
    assert job["ModelName"] == run.name
    row.outcome = "transform job created"


def model_approved_creates_the_endpoint(world: World, run: Values) -> None:
    row, _ = world.invoke(UPDATE, "model-approved", run)
    endpoint = world.stack.sagemaker().describe_endpoint(EndpointName=run.endpoint)
    assert endpoint["EndpointStatus"] in {"Creating", "Updating", "InService"}
    row.outcome = "endpoint created, or updated"


def transform_job_completed_publishes(world: World, run: Values) -> None:
    world.wait("the transform job", lambda: transformed(world, run))
    row, _ = world.invoke(PUBLISH, "transform-job-completed", run)
    key = {"pk": {"S": customer_key(run.run_id, "13085")}}
    item = world.stack._client("dynamodb").get_item(TableName=serving_table(world), Key=key)["Item"]
    assert item["body"]
    listed = world.stack.s3().list_objects_v2(
        Bucket=run.data_bucket, Prefix=names.run_key(run.run_id, names.RECOMMENDATIONS_PARQUET)
    )
    assert listed["KeyCount"] == 1
    assert world.kinds_announced() == ["RecommendationsPublished"]
    row.outcome = "serving table and Parquet written; RecommendationsPublished"


def serving_table(world: World) -> str:
    variables = json.loads(world.template.read_text())["Resources"][PUBLISH]["Properties"]["Environment"]
    return str(variables["Variables"]["SERVING_TABLE"])


def endpoint_in_service_makes_the_run_live(world: World, run: Values) -> None:
    def serves() -> bool:
        found = world.stack.sagemaker().describe_endpoint(EndpointName=run.endpoint)
        return (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", run.serverless_name)

    world.wait("the endpoint", serves)
    row, _ = world.invoke(ACTIVATE, "endpoint-in-service", run)
    assert world.stack.ledger().pointer("live") == run.run_id
    assert world.kinds_announced() == ["EndpointLive"]
    row.outcome = "ledger: live; EndpointLive"


def endpoint_failed_that_comes_late_changes_nothing(world: World, run: Values) -> None:
    row, _ = world.invoke(ACTIVATE, "endpoint-failed", run, "endpoint-failed, late")
    assert world.stack.ledger().pointer("live") == run.run_id
    assert world.kinds_announced() == []
    row.outcome = "live run stays: the endpoint is in service"


def run_failed_leaves_the_endpoint_with_the_live_run(world: World, run: Values) -> None:
    row, _ = world.invoke(UPDATE, "run-failed", run)
    endpoint = world.stack.sagemaker().describe_endpoint(EndpointName=run.endpoint)
    assert (endpoint["EndpointConfigName"], endpoint["EndpointStatus"]) == (run.serverless_name, "InService")
    row.outcome = "endpoint stays with the live run"


def an_api_request_is_answered(world: World, run: Values, request_: str) -> None:
    row, made = world.invoke("RecommendApiFunction", request_, world.base)
    assert made.response["statusCode"] == NOT_THERE.get(request_, 200), made.log
    if request_ in {"api-recommendations", "api-purchases"}:
        body = json.loads(made.response["body"])
        assert (made.response["statusCode"], body["run_id"]) == (200, run.run_id)
        assert len(body.get("recommendations") or body["purchases"]) == 10
    row.outcome = f"status {made.response['statusCode']}"


def training_job_failed(world: World, run: Values, shop_file: Path) -> None:
    failing = prepare(world, shop_file, "fails.xlsx")
    fault(world, fault="fail", kind="training-job", reason="AlgorithmError: no rows, exit code: 1")
    train(world, failing)
    world.wait("training", lambda: trained(world, failing))
    world.announced()
    row, _ = world.invoke(APPROVE, "training-job-failed", failing)
    ended = world.run_of(failing)
    assert (ended.status, ended.outcome.failed_stage) == (RunStatus.FAILED, Stage.TRAIN)
    assert "no rows" in (ended.outcome.reason or "")
    assert world.kinds_announced() == ["RunFailed"]
    row.outcome = "ledger: failed, with SageMaker's reason; RunFailed"


def training_job_stopped(world: World, run: Values, shop_file: Path) -> None:
    stopped = prepare(world, shop_file, "stopped.xlsx")
    fault(world, fault="slow", kind="training-job", seconds=120)
    train(world, stopped)
    world.stack.sagemaker().stop_training_job(TrainingJobName=stopped.name)
    world.wait("stopping", lambda: trained(world, stopped))
    row, _ = world.invoke(APPROVE, "training-job-stopped", stopped)
    assert world.run_of(stopped).status is RunStatus.FAILED
    row.outcome = "ledger: failed, stopped by somebody"


def transform_and_endpoint_failed(world: World, run: Values, shop_file: Path) -> None:
    failing = prepare(world, shop_file, "fails-later.xlsx")
    train(world, failing)
    world.wait("training", lambda: trained(world, failing))
    row, _ = world.invoke(APPROVE, "training-job-completed", failing)
    row.outcome = "ledger: approved"
    fault(world, fault="fail", kind="transform-job", reason="ClientError: See job logs")
    fault(world, fault="fail", kind="endpoint", reason="did not pass the ping health check")
    row, _ = world.invoke(UPDATE, "model-approved", failing)
    row.outcome = "endpoint update began"
    describe = world.stack.sagemaker().describe_endpoint
    world.wait("rollback", lambda: describe(EndpointName=run.endpoint)["EndpointStatus"] == "InService")
    row, _ = world.invoke(BATCH, "model-approved", failing)
    row.outcome = "transform job created"
    world.wait("the transform job", lambda: transformed(world, failing))
    row, _ = world.invoke(PUBLISH, "transform-job-failed", failing)
    assert world.run_of(failing).status is RunStatus.FAILED
    row.outcome = "ledger: failed"
    row, _ = world.invoke(ACTIVATE, "endpoint-failed", failing)
    assert world.stack.ledger().pointer("live") == run.run_id
    assert describe(EndpointName=run.endpoint)["EndpointConfigName"] == run.serverless_name
    row.outcome = "endpoint back with the live run"


def model_package_completed_for_a_run_that_has_its_model_changes_nothing(world: World, run: Values) -> None:
    before = world.run_of(run)
    world.announced()
    row, _ = world.invoke(APPROVE, "model-package-completed", run)
    assert world.run_of(run) == before
    assert world.kinds_announced() == []
    row.outcome = "live run stays: its model is there"


def schedule_finds_what_somebody_deleted(world: World, run: Values) -> None:
    world.stack.sagemaker().delete_endpoint(EndpointName=run.endpoint)
    world.wait("deletion", lambda: not world.stack.sagemaker().list_endpoints()["Endpoints"])
    world.announced()
    row, _ = world.invoke("ReconcileRunsFunction", "schedule")
    # SageMaker's own events say more than the endpoint's name.
    replayed = [event["detail"] for event in world.announced() if event["source"] == "retailrec.sagemaker"]
    assert {"EndpointName": run.endpoint} in replayed
    row.outcome = "the deleted endpoint's event was sent again"


def object_created_below_append_adds_to_the_dataset(world: World, run: Values, shop_file: Path) -> None:
    dropped = world.drop(shop_file, "append/shop again.xlsx")
    row, _ = world.invoke(PREPARE, "object-created-append", dropped)
    added = world.run_of(dropped)
    assert added.status is RunStatus.COLLECTED, added.outcome.reason
    assert added.dataset.added_to
    assert added.counts["rows_repeated"] == added.counts["rows_in_increment"] > 0
    row.outcome = f"ledger: collected, {added.counts['rows_repeated']:,} rows were there already"


def retraining_requested_prepares_the_newest_dataset_again(world: World, run: Values) -> None:
    row, _ = world.invoke(PREPARE, "retraining-requested", world.base)
    (again,) = [each for each in world.stack.ledger().runs() if each.dataset.retrains]
    assert again.status is RunStatus.PREPARED, again.outcome.reason
    row.outcome = f"ledger: a run of its own is prepared, {again.counts['interactions']:,} interactions"


def tuning_job_completed_goes_on_with_the_best_of_its_jobs(world: World, run: Values) -> None:
    base = world.run_of(run)
    made = tuned_run(base, base, in_total=2, in_parallel=1)
    copy_data(world.stack, base.run_id, made.run_id)
    begin(world.stack, made)
    upload = made.upload
    searched = of_run(world.base, made.run_id, upload.key, upload.etag, upload.version_id)
    row, _ = world.invoke(TRAIN, "dataset-prepared", searched, "dataset-prepared, to be tuned")
    row.outcome = "tuning job created"

    def described() -> Any:
        name = names.tuning_job_name(made.run_id)
        return world.stack.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    world.wait("the search", lambda: described()["HyperParameterTuningJobStatus"] == "Completed")
    world.announced()
    row, _ = world.invoke(APPROVE, "tuning-job-completed", searched)
    ended = world.stack.ledger().get(made.run_id)
    assert ended
    assert (ended.status, ended.tuning.best_job) == (
        RunStatus.APPROVED,
        described()["BestTrainingJob"]["TrainingJobName"],
    ), ended.outcome.reason
    assert world.kinds_announced() == ["ModelApproved"]
    row.outcome = "ledger: approved with the best job's model; ModelApproved"
