"""Every request is what SageMaker's own service model and the algorithm's contract ask for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from local.sagemaker.validation import violations
from retailrec_shared import sagemaker_requests as requests
from retailrec_shared.settings import Settings
from tests.environment import settings

ARN = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
RUN = "0123456789abcdef"
LONG_STACK = "s" * 40

BUILDERS: dict[str, Callable[[Settings], Any]] = {
    "CreateTrainingJob": lambda s: requests.training_job(s, RUN),
    "CreateModel": lambda s: requests.model(s, RUN, "s3://data/runs/x/model/job/output/model.tar.gz"),
    "CreateModelPackage": lambda s: requests.model_package(
        settings(algorithm_arn=ARN, algorithm_image_uri="", stack_name=s.stack_name),
        RUN,
        "s3://data/model.tar.gz",
    ),
    "CreateTransformJob": lambda s: requests.transform_job(s, RUN),
    "CreateEndpointConfig": lambda s: requests.endpoint_config(s, RUN),
    "CreateEndpoint": lambda s: requests.endpoint(s, RUN),
}


@pytest.mark.parametrize("operation", BUILDERS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stack_name": LONG_STACK},
        {"endpoint_mode": "instance"},
        {"algorithm_arn": ARN, "algorithm_image_uri": ""},
    ],
    ids=["image", "long-stack", "instance", "marketplace"],
)
def test_requests_satisfy_the_service_model(operation: str, changes: dict[str, object]) -> None:
    shape = get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    request = BUILDERS[operation](settings(**changes))
    assert shape is not None
    assert list(violations(shape, request, operation)) == []


def test_the_marketplace_algorithm_gets_isolation_and_no_metric_definitions() -> None:
    request = requests.training_job(settings(algorithm_arn=ARN, algorithm_image_uri=""), RUN)
    assert request["EnableNetworkIsolation"] is True
    assert request["AlgorithmSpecification"] == {"AlgorithmName": ARN, "TrainingInputMode": "File"}


def test_hyperparameters_are_the_contracts_and_strings() -> None:
    assert requests.training_job(settings(), RUN)["HyperParameters"] == {
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
    request = requests.transform_job(settings(), RUN)
    assert request["BatchStrategy"] == "SingleRecord"
    assert request["TransformInput"]["SplitType"] == "Line"
    assert request["TransformOutput"]["Accept"] == "text/csv"
    assert request["TransformOutput"]["AssembleWith"] == "Line"
    assert (
        request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        == f"s3://data/runs/{RUN}/batch-input/"
    )
