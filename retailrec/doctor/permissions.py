"""What each verb needs to be allowed on AWS, from permissions.json, which `make permissions` writes."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

# Of actions that only the parameter WebAclArn needs.
OF_WEB_ACLS = re.compile(r"wafv2:|apigateway:SetWebACL")
Statement = dict[str, list[str]]


class Place(NamedTuple):
    """The place of a deployment: what the placeholders of permissions.json stand for."""

    stack: str
    region: str
    account: str
    partition: str = "aws"


class Need(NamedTuple):
    """Actions of IAM that must be allowed, and one example of each kind of resource that they act on."""

    actions: list[str]
    resources: list[str]


@cache
def _by_verb() -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = json.loads(
        files("retailrec.doctor").joinpath("permissions.json").read_text(encoding="utf-8")
    )
    return found


def verbs() -> list[str]:
    """List the verbs whose permissions are known."""
    return list(_by_verb())


def needed(chosen: Iterable[str], place: Place) -> Iterator[Need]:
    """Yield what verbs need in a place; raises KeyError for a verb that is not known.

    The resources are examples, without wildcards, as iam:SimulatePrincipalPolicy asks for them.
    """
    for verb in chosen:
        for statement in _by_verb()[verb]:
            yield Need(statement["actions"], [_example(each, place) for each in statement["resources"]])


def without(needs: Iterable[Need], actions: re.Pattern[str]) -> Iterator[Need]:
    """Yield needs without the actions that begin as a pattern does."""
    for need in needs:
        left = [action for action in need.actions if not actions.match(action)]
        if left:
            yield Need(left, need.resources)


def _example(resource: str, place: Place) -> str:
    for name, value in (
        ("Partition", place.partition), ("Region", place.region), ("Account", place.account),
        ("Stack", place.stack), ("Bucket", place.stack.lower()),
    ):  # fmt: skip
        resource = resource.replace(f"${{{name}}}", value)
    return resource if resource == "*" else resource.replace("*", "example")
