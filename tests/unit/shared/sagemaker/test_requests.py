"""Every request is what SageMaker's own service model and the algorithm's contract ask for."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from local.sagemaker.http import service_model
from local.sagemaker.http.validation import violations
from recommender.hyperparameters import parse_hyperparameters
from recommender.serve.queries import MAX_RECOMMENDATIONS
from retailrec_shared.core.settings import Settings
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.sagemaker import requests
from tests.environment import CONFIGURATION, settings

ARN = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
RUN_ID = "0123456789abcdef"
UPLOAD = Upload(bucket="raw", key="a.csv", etag="e", size=1, uploaded_at="2026-01-02T11:00:00.000Z")
LONG_STACK = "s" * 40


def run(**configuration: str) -> Run:
    return Run(run_id=RUN_ID, upload=UPLOAD, configuration=CONFIGURATION | configuration)


MARKETPLACE = run(algorithm=ARN)
BUILDERS: dict[str, Callable[[Settings, Run], Any]] = {
    "CreateTrainingJob": requests.training_job,
    "CreateModel": lambda s, r: requests.models(s, r, "s3://data/runs/x/model/job/output/model.tar.gz")[-1],
    "CreateModelPackage": lambda s, _: requests.model_package(s, MARKETPLACE, "s3://data/model.tar.gz"),
    "CreateTransformJob": requests.transform_job,
    "CreateEndpointConfig": requests.endpoint_config,
    "CreateEndpoint": requests.endpoint,
}


@pytest.mark.parametrize("operation", BUILDERS)
@pytest.mark.parametrize(
    "changes", [{}, {"stack_name": LONG_STACK}, {"endpoint_mode": "instance"}, {"training_spot": "on"}]
)
@pytest.mark.parametrize("this", [run(), MARKETPLACE], ids=["image", "marketplace"])
def test_requests_satisfy_the_service_model(operation: str, changes: dict[str, object], this: Run) -> None:
    shape = service_model.operation(operation).input_shape
    request = BUILDERS[operation](settings(**changes), this)
    assert shape is not None
    assert list(violations(shape, request, operation)) == []


def test_the_marketplace_algorithm_gets_isolation_and_no_metric_definitions() -> None:
    request = requests.training_job(settings(), MARKETPLACE)
    assert request["EnableNetworkIsolation"] is True
    assert request["AlgorithmSpecification"] == {"AlgorithmName": ARN, "TrainingInputMode": "File"}


def test_a_run_is_trained_with_its_own_configuration_not_the_moments() -> None:
    request = requests.training_job(settings(factors=7, algorithm_image_uri="other"), run(factors="64"))
    assert request["HyperParameters"]["factors"] == "64"
    assert request["AlgorithmSpecification"].get("TrainingImage") == CONFIGURATION["algorithm"]


def test_a_marketplace_algorithm_gets_the_contracts_hyperparameters_alone() -> None:
    configured = settings(
        algorithm_arn=ARN, algorithm_image_uri="", factors=64, algorithm="als", refit="false"
    )
    request = requests.training_job(configured, run(**configured.run_configuration()))
    assert request["HyperParameters"] == {
        "factors": "64",
        "iterations": "100",
        "learning_rate": "0.01",
        "regularization": "0.01",
    }


def test_our_image_gets_what_was_chosen_and_has_its_own_defaults() -> None:
    def hyperparameters(**changes: object) -> object:
        configured = settings(**changes)
        this = Run(run_id=RUN_ID, upload=UPLOAD, configuration=configured.run_configuration())
        return requests.training_job(configured, this)["HyperParameters"]

    assert hyperparameters() == {"algorithm": "bpr", "refit": "true"}
    assert hyperparameters(algorithm="als", refit="false", regularization=20) == {
        "algorithm": "als",
        "refit": "false",
        "regularization": "20.0",
    }


def test_what_a_job_gets_is_what_the_image_knows() -> None:
    found = requests.training_job(settings(), run(**settings(algorithm="auto").run_configuration()))
    assert parse_hyperparameters(found["HyperParameters"]).algorithm == "auto"


def test_a_choice_makes_another_run_and_an_old_runs_choices_still_count() -> None:
    choices: list[dict[str, object]] = [{}, {"algorithm": "als"}, {"refit": "false"}, {"factors": 8}]
    choices.append({"exclude_purchased": "false"})
    configurations = [settings(**choice).run_configuration() for choice in choices]
    assert len({tuple(sorted(each.items())) for each in configurations}) == len(choices)
    old = requests.training_job(settings(), run())["HyperParameters"]
    assert old == {name: CONFIGURATION[name] for name in CONFIGURATION if name != "algorithm"}


@pytest.mark.parametrize(
    ("mode", "arn", "of_endpoint"),
    [("instance", "", ""), ("none", "", ""), ("serverless", "", "-s1"), ("serverless", ARN, "")],
)
def test_every_model_is_isolated_but_that_of_a_serverless_endpoint(
    mode: str, arn: str, of_endpoint: str
) -> None:
    configured = settings(
        endpoint_mode=mode, algorithm_arn=arn, algorithm_image_uri="" if arn else CONFIGURATION["algorithm"]
    )
    trained = run(**configured.run_configuration())
    made = requests.models(configured, trained, "s3://data/model.tar.gz")
    isolated = {each["ModelName"]: each["EnableNetworkIsolation"] for each in made}
    batch = f"retailrec-{RUN_ID}"
    assert isolated == {batch: True} | ({batch + of_endpoint: False} if of_endpoint else {})
    assert requests.transform_job(configured, trained)["ModelName"] == batch
    config = requests.endpoint_config(configured, trained)
    assert config["EndpointConfigName"] == batch + of_endpoint
    assert config["ProductionVariants"][0]["ModelName"] == batch + of_endpoint


def test_spot_training_keeps_checkpoints_and_waits() -> None:
    request = requests.training_job(settings(training_spot="on", training_max_seconds=90000), run())
    assert request["EnableManagedSpotTraining"] is True
    assert request["CheckpointConfig"] == {"S3Uri": f"s3://data/runs/{RUN_ID}/checkpoints/"}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 90000, "MaxWaitTimeInSeconds": 90000}


@pytest.mark.parametrize(("spot", "this"), [("off", run()), ("on", MARKETPLACE)])
def test_other_training_takes_no_spot_instances(spot: str, this: Run) -> None:
    request = requests.training_job(settings(training_spot=spot), this)
    assert not {"EnableManagedSpotTraining", "CheckpointConfig"} & set(request)
    assert "MaxWaitTimeInSeconds" not in request["StoppingCondition"]


def test_metric_definitions_keep_sagemakers_limits() -> None:
    assert len(requests.METRICS) == len(set(requests.METRICS)) <= 40
    assert all(len(requests.metric_regex(name)) <= 500 for name in requests.METRICS)


@pytest.mark.parametrize("name", requests.METRICS)
def test_a_logged_metric_is_found_by_its_own_definition_alone(name: str) -> None:
    line = f"metric: {name} = 0.187500"
    found = [other for other in requests.METRICS if re.search(requests.metric_regex(other), line)]
    assert found == [name]
    match = re.search(requests.metric_regex(name), line)
    assert match is not None
    assert float(match[1]) == 0.1875


def test_the_batch_job_keeps_the_contract() -> None:
    request = requests.transform_job(settings(), MARKETPLACE)
    assert request["BatchStrategy"] == "SingleRecord"
    assert "MaxPayloadInMB" not in request
    assert request["TransformInput"]["SplitType"] == "Line"
    assert request["TransformOutput"]["Accept"] == "text/csv"
    assert request["TransformOutput"]["AssembleWith"] == "Line"
    assert (
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        == f"s3://data/runs/{RUN_ID}/batch-input/"
    )


def test_the_batch_job_of_our_image_sends_many_records_together() -> None:
    request, contract = (requests.transform_job(settings(), each) for each in (run(), MARKETPLACE))
    assert (request["BatchStrategy"], request["MaxPayloadInMB"]) == ("MultiRecord", 1)
    for part in ("TransformInput", "TransformOutput"):
        assert request[part] == contract[part]


def test_a_full_body_of_the_longest_lists_is_within_what_the_container_answers() -> None:
    """1 MB of the shortest lines, each for the most items that the pipeline may be set to."""
    shortest = len('{"user_id": "1", "top_n": "100"}\n')
    assert 1024 * 1024 / shortest * 100 < MAX_RECOMMENDATIONS
