"""Names are derived, legal, and readable back."""

import re

import pytest

from retailrec_shared.core import names

CONFIGURATION = {"split": "temporal", "factors": "100"}


def run(etag: str = "0123", key: str = "shop.xlsx", **configuration: str) -> str:
    return names.run_id("raw", key, etag, CONFIGURATION | configuration)


def test_the_same_bytes_under_the_same_configuration_are_one_run() -> None:
    assert run() == run()
    assert run(etag='"0123"') == run(), "S3 quotes its ETags in some answers and not in others"


@pytest.mark.parametrize(
    "other", [{"etag": "0124"}, {"key": "shop2.xlsx"}, {"factors": "64"}, {"split": "random"}]
)
def test_other_bytes_or_another_configuration_are_another_run(other: dict[str, str]) -> None:
    assert run(**other) != run()


def test_the_order_of_the_configuration_means_nothing() -> None:
    turned = dict(reversed(CONFIGURATION.items()))
    assert names.run_id("raw", "shop.xlsx", "0123", turned) == run()


@pytest.mark.parametrize("stack", ["retailrec", "a", "shop-" * 7 + "shop", "x" * 40])
def test_resource_names_are_what_sagemaker_takes_and_give_the_run_back(stack: str) -> None:
    prefix = names.resource_prefix(stack)
    name = names.resource_name(prefix, run())
    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)
    assert names.run_of_resource(prefix, name) == run()
    serverless = names.serverless_name(prefix, run(), 999)
    assert len(serverless) <= 63
    assert names.run_of_resource(prefix, serverless) == run()


def test_a_stack_name_without_room_for_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        names.resource_prefix("x" * 47)


@pytest.mark.parametrize(
    "name", ["other-0123456789abcdef", "retailrec-", "retailrec-endpoint", "retailrec-X", ""]
)
def test_other_resources_are_nobodys_run(name: str) -> None:
    assert names.run_of_resource("retailrec-", name) is None


def test_a_variant_names_its_run() -> None:
    assert names.run_of_variant(names.variant_name(run())) == run()
    assert names.run_of_variant("AllTraffic") is None
