"""The template's own rules: which event wakes which function, and which notifies people."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.environment import ENVIRONMENT, read_template

MINUTES_BETWEEN_PASSES = 5
# Of the account that local.sagemaker plays.
PSEUDO = {
    "StackName": ENVIRONMENT["STACK_NAME"], "Partition": "aws", "Region": "us-east-1", "AccountId": "0" * 12,
}  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A Lambda function, as the template configures it."""

    name: str
    timeout: float
    retries: int

    @property
    def module(self) -> str:
        """Its module below functions/."""
        return f"{self.name}.app"


@dataclass(frozen=True)
class Rule:
    """A rule of a bus; without a function it is one that notifies people."""

    bus: str
    pattern: Any
    function: Function | None

    def matches(self, bus: str, event: Any) -> bool:
        """Return whether an event on a bus is for this rule."""
        return bus == self.bus and _matches(self.pattern, event)


@cache
def functions() -> dict[str, Function]:
    """List the functions that events or the schedule wake."""
    template = read_template()
    common = template["Globals"]["Function"]
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and "Events" in resource["Properties"]:
            properties = resource["Properties"]
            name = properties["Handler"].split(".")[0]
            retries = common["EventInvokeConfig"]["MaximumRetryAttempts"]
            found[name] = Function(name, float(properties.get("Timeout", common["Timeout"])), retries)
    return found


@cache
def rules() -> list[Rule]:
    """List the rules, functions' and others'."""
    found = []
    for resource in read_template()["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function" and "Events" in properties:
            function = functions()[properties["Handler"].split(".")[0]]
            for trigger in properties["Events"].values():
                if trigger["Type"] == "EventBridgeRule":
                    found.append(_rule(trigger["Properties"], "Pattern", function))
        elif resource["Type"] == "AWS::Events::Rule" and "EventPattern" in properties:
            found.append(_rule(properties, "EventPattern", None))
    return found


def _rule(properties: Any, pattern: str, function: Function | None) -> Rule:
    bus = ENVIRONMENT["EVENT_BUS"] if "EventBusName" in properties else "default"
    return Rule(bus, properties[pattern], function)


def _matches(pattern: Any, event: Any) -> bool:
    if isinstance(pattern, dict):
        return all(name in event and _matches(inner, event[name]) for name, inner in pattern.items())
    return any(_equals(choice, event) for choice in pattern)


def _equals(choice: Any, value: str) -> bool:
    if isinstance(choice, dict) and "prefix" in choice:
        return value.startswith(_plain(choice["prefix"]))
    return value == _plain(choice)


def _plain(value: Any) -> str:
    if value == {"Ref": "RawBucket"}:
        return ENVIRONMENT["RAW_BUCKET"]
    if value == {"Ref": "AWS::StackName"}:
        return ENVIRONMENT["STACK_NAME"]
    text = str(value["Fn::Sub"] if isinstance(value, dict) else value)
    for name, own in PSEUDO.items():
        text = text.replace(f"${{AWS::{name}}}", own)
    return text
