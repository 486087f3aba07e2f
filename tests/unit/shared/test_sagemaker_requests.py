"""Every request is what SageMaker's own service model and the algorithm's contract ask for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from local.sagemaker.validation import violations
from retailrec_shared import sagemaker_requests as requests
from retailrec_shared.run import Run, Upload
from retailrec_shared.settings import Settings
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
    "CreateModel": lambda s, r: requests.model(s, r, "s3://data/runs/x/model/job/output/model.tar.gz"),
    "CreateModelPackage": lambda s, _: requests.model_package(s, MARKETPLACE, "s3://data/model.tar.gz"),
    "CreateTransformJob": requests.transform_job,
    "CreateEndpointConfig": requests.endpoint_config,
    "CreateEndpoint": requests.endpoint,
}


@pytest.mark.parametrize("operation", BUILDERS)
@pytest.mark.parametrize("changes", [{}, {"stack_name": LONG_STACK}, {"endpoint_mode": "instance"}])
@pytest.mark.parametrize("this", [run(), MARKETPLACE], ids=["image", "marketplace"])
def test_requests_satisfy_the_service_model(operation: str, changes: dict[str, object], this: Run) -> None:
    shape = get_session().get_service_model("sagemaker").operation_model(operation).input_shape
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


def test_hyperparameters_are_the_contracts_and_strings() -> None:
    assert requests.training_job(settings(), run())["HyperParameters"] == {
        "factors": "100",
        "iterations": "100",
        "learning_rate": "0.01",
        "regularization": "0.01",
    }


@pytest.mark.parametrize("name", requests.METRICS)
def test_a_logged_metric_is_found_by_its_own_definition_alone(name: str) -> None:
    line = f"metric: {name} = 0.187500"
    found = [other for other in requests.METRICS if re.search(requests.metric_regex(other), line)]
    assert found == [name]
    match = re.search(requests.metric_regex(name), line)
    assert match is not None
    assert float(match[1]) == 0.1875


def test_the_batch_job_keeps_the_contract() -> None:
    request = requests.transform_job(settings(), run())
    assert request["BatchStrategy"] == "SingleRecord"
    assert request["TransformInput"]["SplitType"] == "Line"
    assert request["TransformOutput"]["Accept"] == "text/csv"
    assert request["TransformOutput"]["AssembleWith"] == "Line"
    assert (
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        == f"s3://data/runs/{RUN_ID}/batch-input/"
    )
