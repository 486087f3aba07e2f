"""The template's dashboard as CloudWatch reads it."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.environment import read_template

STACK = "shop"
SEARCHED = re.compile(r"SEARCH\('\{([^}]+)\}([^']*)', '(\w+)', (\d+)\)")
TERM = re.compile(r'(\w+)="([^"]+)"')


class Shown(NamedTuple):
    """A metric that the dashboard shows, the references in its dimensions' values left as they are."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


def body() -> dict[str, Any]:
    """Read the dashboard of a stack called ``shop``."""
    text = read_template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    read: dict[str, Any] = json.loads(
        text.replace("${AWS::StackName}", STACK).replace("${AWS::Region}", "us-east-1")
    )
    return read


def widgets() -> list[dict[str, Any]]:
    """List the widgets that plot something."""
    return [widget["properties"] for widget in body()["widgets"] if widget["type"] == "metric"]


def options(entry: list[Any]) -> dict[str, Any]:
    """Return what a line of a widget says of itself."""
    return entry[-1] if isinstance(entry[-1], dict) else {}


def shown() -> Iterator[Shown]:
    """List every metric that is shown, also within expressions."""
    for widget in widgets():
        for entry in widget["metrics"]:
            if "expression" in options(entry):
                yield from searched(options(entry)["expression"])
            else:
                namespace, name, *dimensions = [part for part in entry if isinstance(part, str)]
                pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
                yield Shown(namespace, name, frozenset(pairs))


def searched(expression: str) -> Iterator[Shown]:
    """Read what an expression searches for; a dimension without a value may have any."""
    for schema, terms, _statistic, _period in SEARCHED.findall(expression):
        namespace, *dimensions = schema.split(",")
        values = dict(TERM.findall(terms))
        yield Shown(
            namespace,
            values.pop("MetricName"),
            frozenset((each, values.get(each, "*")) for each in dimensions),
        )
