"""The dashboard is well-formed, and what it shows of AWS's own metrics is there on AWS.

What it shows of ours: tests/integration/pipeline/test_counting.py.
"""

import re
from typing import Any

import pytest

from retailrec_shared.core.status import RunStatus
from scripts import dashboard
from tests.dashboard import STACK, Shown, body, options, shown, widgets
from tests.environment import read_template

RESOURCES = read_template()["Resources"]
FUNCTIONS = {
    resource["Properties"]["FunctionName"]["Fn::Sub"].replace("${AWS::StackName}", STACK): resource[
        "Properties"
    ].get("MemorySize", read_template()["Globals"]["Function"]["MemorySize"])
    for resource in RESOURCES.values()
    # What a deployment alone wakes, and not in every stack, has its say in the deployment itself.
    if resource["Type"] == "AWS::Serverless::Function" and "Condition" not in resource
}
# What each service emits under these dimensions, by its own documentation.
OF_AWS: dict[tuple[str, frozenset[str]], set[str]] = {
    ("AWS/ApiGateway", frozenset({"ApiName", "Stage"})): {
        "Count", "4XXError", "5XXError", "Latency", "IntegrationLatency",
    },
    ("AWS/Lambda", frozenset({"FunctionName"})): {"Invocations", "Errors", "Throttles", "Duration"},
    ("AWS/SQS", frozenset({"QueueName"})): {"ApproximateNumberOfMessagesVisible"},
    ("AWS/DynamoDB", frozenset({"TableName"})): {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    ("AWS/SageMaker", frozenset({"EndpointName", "VariantName"})): {"Invocations", "ModelLatency"},
}  # fmt: skip
METHOD = RESOURCES["Api"]["Properties"]


def of(namespace: str) -> list[Shown]:
    return [each for each in shown() if each.namespace == namespace]


def named(namespace: str, dimension: str) -> set[str]:
    return {dict(each.dimensions)[dimension] for each in of(namespace)}


def test_the_templates_dashboard_is_the_one_described() -> None:
    text = dashboard.TEMPLATE.read_text()
    assert text == dashboard.with_dashboard(text), "run `make dashboard`"


def test_every_metric_of_aws_is_one_that_the_service_emits_under_these_dimensions() -> None:
    for each in shown():
        if each.namespace != "retailrec":
            dimensions = frozenset(name for name, _ in each.dimensions)
            assert each.name in OF_AWS[each.namespace, dimensions], each


def test_what_they_are_of_is_in_the_template() -> None:
    assert named("AWS/ApiGateway", "ApiName") == {STACK}
    assert METHOD["Name"] == {"Ref": "AWS::StackName"}
    assert named("AWS/ApiGateway", "Stage") == {METHOD["StageName"]}
    assert named("AWS/Lambda", "FunctionName") == set(FUNCTIONS)
    assert named("AWS/SQS", "QueueName") == {"${DeadLetters.QueueName}"}
    assert RESOURCES["DeadLetters"]["Type"] == "AWS::SQS::Queue"
    tables = {name.strip("${}") for name in named("AWS/DynamoDB", "TableName")}
    assert tables == {name for name, each in RESOURCES.items() if each["Type"] == "AWS::DynamoDB::Table"}
    endpoint = read_template()["Outputs"]["EndpointName"]["Value"]["Fn::Sub"]
    assert named("AWS/SageMaker", "EndpointName") == {endpoint.replace("${AWS::StackName}", STACK)}
    assert named("AWS/SageMaker", "VariantName") == {"*"}, "its name is another for each run"


def test_every_function_is_watched_for_errors_and_for_what_it_costs() -> None:
    for metric in ("Errors", "Throttles", "Duration"):
        watched = {dict(each.dimensions)["FunctionName"] for each in of("AWS/Lambda") if each.name == metric}
        assert watched == set(FUNCTIONS), metric


def test_the_cost_of_a_function_is_counted_by_its_memory() -> None:
    (widget,) = [widget for widget in widgets() if "GB-seconds" in widget["title"]]
    expression, *durations = widget["metrics"]
    names = {options(entry)["id"]: entry[3] for entry in durations}
    terms = re.findall(r"(\d+) \* (\w+)", options(expression)["expression"])
    weights = {names[each]: int(memory) for memory, each in terms}
    assert weights == FUNCTIONS


def test_every_status_of_a_run_is_shown() -> None:
    assert {each.name for each in of("retailrec") if each.name.startswith("Runs_")} == {
        f"Runs_{status}" for status in RunStatus
    }


@pytest.mark.parametrize("widget", widgets(), ids=[widget["title"] for widget in widgets()])
def test_expressions_name_lines_that_are_there(widget: dict[str, Any]) -> None:
    ids = {options(entry)["id"] for entry in widget["metrics"] if "id" in options(entry)}
    assert len(ids) == len([entry for entry in widget["metrics"] if "id" in options(entry)])
    assert all(re.fullmatch(r"[a-z]\w*", each) for each in ids)
    for entry in widget["metrics"]:
        expression = re.sub(r"'[^']*'", "", options(entry).get("expression", ""))
        assert set(re.findall(r"\b[a-z]\w*", expression)) <= ids, expression


@pytest.mark.parametrize("widget", widgets(), ids=[widget["title"] for widget in widgets()])
def test_no_line_is_drawn_twice(widget: dict[str, Any]) -> None:
    lines = [str(entry) for entry in widget["metrics"]]
    assert sorted(set(lines)) == sorted(lines)


def test_widgets_have_titles_and_the_stacks_region_and_do_not_lie_upon_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in body()["widgets"]:
        place = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not place & taken, widget
        assert max(x for x, _ in place) < 24
        taken |= place
    assert all(widget["title"] and widget["region"] == "us-east-1" for widget in widgets())


def test_the_outputs_lead_to_the_dashboard() -> None:
    url = read_template()["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]
    assert url.endswith("#dashboards/dashboard/${Dashboard}")
    assert RESOURCES["Dashboard"]["Properties"]["DashboardName"] == {"Ref": "AWS::StackName"}
