"""The custom resource answers CloudFormation, whatever happens."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.error import URLError

import pytest
from botocore.exceptions import EndpointConnectionError

from check_algorithm import response
from check_algorithm.app import handler
from local.sagemaker.models import marketplace
from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from tests.environment import ENVIRONMENT
from tests.fakes import FakeSageMaker, published_algorithm, refusal
from tests.policies.calls import Checked

ARN = marketplace.published_arn("us-east-1")
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/retailrec/1"


class _CloudFormation(BaseHTTPRequestHandler):
    answers: ClassVar[list[dict[str, Any]]] = []
    refusals: ClassVar[list[int]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.refusals.pop() if self.refusals else 200
        if status == 200:
            assert self.headers["Content-Type"] == "", "the address is signed for none"
            self.answers.append(json.loads(body))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setenv("no_proxy", "*")
    _CloudFormation.answers.clear()
    _CloudFormation.refusals.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _CloudFormation)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answer?signature=x"
    server.shutdown()
    thread.join()
    server.server_close()


class FakeAws(FakeSageMaker):
    """SageMaker, and CloudFormation as far as the check asks it."""

    status = "CREATE_IN_PROGRESS"

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - AWS's spelling
        return {"Stacks": [{"StackStatus": self.status}]}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    for name, value in {**ENVIRONMENT, "ALGORITHM_IMAGE_URI": "", "ALGORITHM_ARN": ARN}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    made = FakeAws()
    made.algorithms[ARN] = published_algorithm()
    monkeypatch.setattr(aws, "sagemaker_with_deadline", lambda: Checked("sagemaker", made))
    monkeypatch.setattr(aws, "cloudformation_with_deadline", lambda: Checked("cloudformation", made))
    settings.cache_clear()
    yield made
    settings.cache_clear()


def event(url: str, kind: str = "Create", **more: Any) -> dict[str, Any]:
    return {
        "RequestType": kind, "ResponseURL": url, "StackId": STACK_ID, "RequestId": "r1",
        "LogicalResourceId": "AlgorithmCheck", "ResourceType": "Custom::AlgorithmCheck", **more,
    }  # fmt: skip


def answered(event: dict[str, Any]) -> dict[str, Any]:
    handler(event, None)
    (answer,) = _CloudFormation.answers
    assert (answer["StackId"], answer["RequestId"]) == (STACK_ID, "r1")
    return answer


def test_an_algorithm_that_fits_lets_the_stack_be(url: str, fake: FakeAws) -> None:
    answer = answered(event(url))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "algorithm-check")


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_misfit_fails_the_deployment_with_the_fix(
    url: str, fake: FakeAws, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINING_INSTANCE_TYPE", "ml.p3.2xlarge")
    answer = answered(event(url, kind))
    assert answer["Status"] == "FAILED"
    assert "set TrainingInstanceType to" in answer["Reason"]


def test_a_deletion_asks_nobody(url: str, fake: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STACK_NAME")
    fake.problems["describe_algorithm"] = AssertionError("asked")
    answer = answered(event(url, "Delete", PhysicalResourceId="as-it-was"))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "as-it-was")


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_a_roll_back_is_never_refused(url: str, fake: FakeAws, status: str) -> None:
    fake.status = status
    fake.problems["describe_algorithm"] = AssertionError("asked")
    assert answered(event(url, "Update"))["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (
            EndpointConnectionError(endpoint_url="https://sagemaker"),
            "could not be checked (EndpointConnection",
        ),
        (KeyError("anything"), "could not be checked (KeyError"),
        (refusal("AccessDeniedException", "no"), "subscribe to it in AWS Marketplace"),
    ],
)
def test_whatever_breaks_is_an_answer(url: str, fake: FakeAws, problem: Exception, words: str) -> None:
    fake.problems["describe_algorithm"] = problem
    answer = answered(event(url))
    assert answer["Status"] == "FAILED"
    assert words in answer["Reason"]


def test_settings_that_are_wrong_are_an_answer(
    url: str, fake: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALGORITHM_IMAGE_URI", "an image as well")
    assert "exactly one" in answered(event(url))["Reason"]


def test_the_answer_is_sent_again_until_it_arrives_and_is_never_too_long(url: str, fake: FakeAws) -> None:
    _CloudFormation.refusals.extend([503, 500])
    fake.problems["describe_algorithm"] = RuntimeError("ü" * 10_000)
    answer = answered(event(url))
    assert answer["Status"] == "FAILED"
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < 4096


def test_an_answer_that_never_arrives_is_an_error_that_lambda_retries(url: str, fake: FakeAws) -> None:
    _CloudFormation.refusals.extend([503] * response.TRIES)
    with pytest.raises(URLError):
        handler(event(url), None)
