"""How the address of this machine is found for containers."""

import json
from subprocess import CompletedProcess
from typing import Any

import pytest

from local.cloud.errors import CloudError
from local.containers import engine

SUBNET = {"Subnet": "172.17.0.0/16"}


def reported(monkeypatch: pytest.MonkeyPatch, configurations: Any) -> None:
    found = json.dumps([{"IPAM": {"Config": configurations}}])
    monkeypatch.setattr(engine, "_docker", lambda *_words: CompletedProcess([], 0, found, ""))


@pytest.mark.parametrize(
    ("configurations", "address"),
    [
        ([SUBNET | {"Gateway": "172.17.5.1"}], "172.17.5.1"),
        ([SUBNET], "172.17.0.1"),
        ([{"Subnet": "fd00::/64"}, SUBNET | {"Gateway": "172.17.0.1"}], "172.17.0.1"),
    ],
)
def test_the_bridges_address_is_known(
    monkeypatch: pytest.MonkeyPatch, configurations: Any, address: str
) -> None:
    reported(monkeypatch, configurations)
    assert engine.gateway() == address


@pytest.mark.parametrize("configurations", [[], None])
def test_a_bridge_without_addresses_is_refused(monkeypatch: pytest.MonkeyPatch, configurations: Any) -> None:
    reported(monkeypatch, configurations)
    with pytest.raises(CloudError, match="docker network inspect bridge"):
        engine.gateway()
