"""`make aws-smoke` on the local cloud: every step of it, but for what is named here.

Otherwise than on AWS: no image is pushed, SAM deploys to the emulators' addresses, and CloudWatch keeps none
of the functions' metrics.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.cloud import Running, deployment, services
from local.cloud.parameters import read_parameters
from retailrec.client.sessions import client, local_session
from retailrec.client.stack import Stack
from retailrec.removal.identity import Client
from scripts.smoke.__main__ import smoke
from scripts.smoke.places import PARAMETERS, Aws
from scripts.smoke.record import Record
from tests.clouds import own_cloud

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Laptop(Aws):
    """A local cloud in place of the account."""

    has_metrics = False
    pause, patience = 0.3, 120.0

    def __init__(self, state: Running, folder: Path) -> None:
        self.stack, self.folder, self.state = state.stack, folder, state

    @property
    def region(self) -> str:
        return self.state.region

    @property
    def client(self) -> Client:
        session = local_session(self.state)
        return lambda service: client(session, service, self.state)

    def open(self) -> Stack:
        return Stack.local(self.state)

    def push(self) -> str:
        return deployment.IMAGE

    def build(self) -> None:
        deployment.build(self.state)

    def deploy(self, image: str) -> None:
        assert image == deployment.IMAGE
        deployment.deploy(self.state)
        self.state = self.state.model_copy(update={"deployed": True}).save()


def test_the_smoke_test_passes_on_the_local_cloud(tmp_path: Path) -> None:
    said = list[str]()
    parameters = read_parameters(f"{name}={value}" for name, value in PARAMETERS.items())
    with own_cloud(tmp_path / "cloud"):
        place = Laptop(services.start_all(services.plan(parameters=parameters)), tmp_path)
        services.wait_until_ready(place.state)
        record = Record.begin(tmp_path / "record.json", place.stack, place.region)
        agree: Callable[[str], bool] = lambda _question: True  # noqa: E731
        assert smoke(place, record, agree, said.append), said
    assert [each.name for each in record.outcomes] == [
        "account", "image", "build", "deploy", "drop", "live", "API", "batch", "metrics", "alarms", "destroy",
        "nothing left",
    ]  # fmt: skip
    assert record.fact("source") == "endpoint"
