"""Each change of EndpointMode, and of the algorithm, over the local SageMaker's own rules.

SageMaker turns a serverless endpoint into one on instances, and not back; Serverless Inference takes neither
network-isolated models nor Marketplace model packages.
"""

import pytest

from local.sagemaker.models.marketplace import published_arn
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus
from tests.integration.pipeline.stack import Stack
from tests.integration.pipeline.test_steps import ENDPOINT, job, status

pytestmark = pytest.mark.slow

OWN, MARKETPLACE = "", published_arn("us-east-1")
MODES = ("serverless", "instance", "none")


def kind(mode: str, algorithm: str = OWN) -> str | None:
    return None if mode == "none" else "instance" if algorithm else mode


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in MODES for after in MODES if before != after]
)
@pytest.mark.parametrize(
    "algorithm",
    [pytest.param(OWN, id="own image"), pytest.param(MARKETPLACE, id="Marketplace", marks=pytest.mark.slow)],
)
def test_the_live_run_comes_to_serve_in_every_other_mode(
    stack: Stack, before: str, after: str, algorithm: str
) -> None:
    stack.configure(before, algorithm)
    live = stack.live_run()
    assert (status(stack.book, live), stack.serves()) == (RunStatus.LIVE, kind(before, algorithm))
    stack.configure(after, algorithm)
    waiting = stack.settle()
    if (kind(before, algorithm), kind(after, algorithm)) == ("instance", "serverless"):
        assert f"aws sagemaker delete-endpoint --endpoint-name {ENDPOINT}" in waiting
        assert stack.serves() == "instance", "it serves until somebody deletes it"
        stack.delete_endpoint()
        waiting = stack.settle()
    assert (waiting, stack.serves()) == ("", kind(after, algorithm))
    assert status(stack.book, live) is RunStatus.LIVE


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in MODES for after in MODES if before != after]
)
def test_the_next_run_serves_in_the_new_mode(stack: Stack, before: str, after: str) -> None:
    stack.configure(before)
    stack.live_run()
    stack.configure(after)
    newer = stack.live_run()
    if (before, after) == ("instance", "serverless"):
        assert status(stack.book, newer) is RunStatus.APPROVED
        stack.delete_endpoint()
        stack.settle()
    assert (status(stack.book, newer), stack.serves()) == (RunStatus.LIVE, kind(after))


def test_a_marketplace_run_takes_a_serverless_endpoint_and_an_own_one_waits_for_its_deletion(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.configure("serverless")
    stack.live_run()
    image = settings().algorithm_image_uri
    stack.configure("serverless", MARKETPLACE)
    bought = stack.live_run()
    assert (status(stack.book, bought), stack.serves()) == (RunStatus.LIVE, "instance")
    monkeypatch.setenv("ALGORITHM_IMAGE_URI", image)
    monkeypatch.delenv("ALGORITHM_ARN")
    settings.cache_clear()
    own = stack.live_run()
    assert status(stack.book, own) is RunStatus.APPROVED
    stack.delete_endpoint()
    stack.settle()
    assert (status(stack.book, own), stack.serves()) == (RunStatus.LIVE, "serverless")


def test_a_run_that_was_approved_in_another_mode_gets_its_model(stack: Stack) -> None:
    stack.configure("none")
    run = stack.live_run()
    assert [model.name for model in stack.sagemaker.cloud.store.models] == [job(run)]
    stack.configure("serverless")
    stack.settle()
    isolated = {
        model.name: model.request["EnableNetworkIsolation"] for model in stack.sagemaker.cloud.store.models
    }
    assert isolated == {job(run): True, f"{job(run)}-s1": False}
    assert stack.serves() == "serverless"


def test_a_live_serverless_endpoint_of_an_earlier_release_stays(stack: Stack) -> None:
    """Its model has no network isolation, and shares its name with the batch's."""
    stack.configure("serverless")
    live = stack.live_run()
    endpoint = stack.sagemaker.endpoint
    assert endpoint is not None
    endpoint.config.name = job(live)
    begun = endpoint.generation
    assert stack.settle() == ""
    assert endpoint.generation == begun
    assert stack.serves() == "serverless"
