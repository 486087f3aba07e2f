"""Write the dashboard of template.yaml from this description of it (`make dashboard`)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from samtranslator.yaml_helper import yaml_parse

from retailrec_shared.contract.api_responses import Source
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core.status import RunStatus

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
STACK = "${AWS::StackName}"
HOUR, FIVE_MINUTES = 3600, 300
WIDTH = 24  # of the grid
HEIGHT, TEXT_HEIGHT = 6, 2
STACKED: Mapping[str, Any] = {"view": "timeSeries", "stacked": True}
HIDDEN: Mapping[str, Any] = {"visible": False}
TITLE = (
    f"# {STACK}\nRuns and their models, the API, and what they cost. What a number means: docs/metrics.md. "
    f"One run: `retailrec status RUN --stack {STACK}`, its curve: `retailrec metrics RUN --stack {STACK}`"
)
_BODY = re.compile(r"(?<=      DashboardBody: !Sub \|\n)(?:        .*\n)+")

Line = list[Any]


class Widget(NamedTuple):
    """A chart: its lines, and how CloudWatch sums them up."""

    title: str
    period: int
    stat: str
    lines: list[Line]
    more: Mapping[str, Any] = {}

    def properties(self) -> dict[str, Any]:
        """Describe it as CloudWatch reads it."""
        head = {"title": self.title, "region": "${AWS::Region}", "period": self.period, "stat": self.stat}
        return {**head, **self.more, "metrics": self.lines}


class Function(NamedTuple):
    """A Lambda function that is in every stack."""

    name: str
    memory: int

    @property
    def id(self) -> str:
        """Return its name as expressions write it."""
        return self.name.replace("-", "_")


def rows(functions: list[Function]) -> list[list[Widget]]:
    """List the charts, row by row; those of a row share its width equally."""
    return [_of_data(), _of_models(), _of_api(), _of_functions(functions), _of_cost(functions)]


def _of_data() -> list[Widget]:
    statuses = [_ours(f"Runs_{status}", _plain(status)) for status in RunStatus]
    reasons = [_ours(f"RowsRejected_{reason}", _plain(reason)) for reason in RejectReason]
    counts = [
        _ours("RowsRead", "read"),
        _ours("RowsKept", "kept as interactions"),
        _ours("RowsRejected", "rejected"),
        _ours("RowsRepeated", "there already (increments)"),
        _ours("DatasetWarnings", "warnings (right)", yAxis="right"),
    ]
    return [
        Widget("Runs that came to a status", HOUR, "Sum", statuses, STACKED),
        Widget("Rows of the files that were prepared", HOUR, "Sum", counts),
        Widget("Rejected rows by reason", HOUR, "Sum", reasons, STACKED),
    ]


def _of_models() -> list[Widget]:
    precision = [
        _ours("PrecisionAt10", "p@k(10)"),
        _ours("PrecisionAt10Popularity", "p@k(10) of popularity"),
        _ours("NdcgAt20", "ndcg@20"),
    ]
    lift = _marked(1, "no better than popularity")
    return [
        Widget("Precision at 10 of trained models, held out: p@k(10)", HOUR, "Average", precision, _axis()),
        Widget(
            "Popularity lift: how many times popularity's p@k(10)", HOUR, "Average",
            [_ours("PopularityLift", "lift")], {**_axis(), **lift},
        ),
    ]  # fmt: skip


def _of_api() -> list[Widget]:
    requests = [
        _of_gateway("Count", label="requests"),
        _of_gateway("4XXError", label="refused (4xx)"),
        _of_gateway("5XXError", label="failed (5xx)"),
        _ours("ApiErrors", "our own faults"),
    ]
    latency = [_of_gateway("Latency", stat=each, label=each) for each in ("p50", "p95", "p99")]
    sources = get_args(get_args(Source)[0])
    everything = f"SUM([{', '.join(sources)}])"
    shares = [
        *(_computed(f"100 * {each} / {everything}", _plain(each), f"share_{each}") for each in sources),
        *(_ours(f"AnsweredBy_{each}", _plain(each), id=each, **HIDDEN) for each in sources),
    ]
    budget = _marked(2000, "the budget of an answer")
    percent = {"stacked": True, **_axis(max=100, label="percent")}
    return [
        Widget("API: requests and errors", FIVE_MINUTES, "Sum", requests),
        Widget("API: latency", FIVE_MINUTES, "p50", latency, {**_axis(label="milliseconds"), **budget}),
        Widget("API: share of the answers by source", FIVE_MINUTES, "Sum", shares, percent),
    ]


def _of_functions(functions: list[Function]) -> list[Widget]:
    errors = [_of_lambda("Errors", each, label=each.name) for each in functions]
    waits = [
        *(_of_lambda("Throttles", each, label=f"{each.name} throttled") for each in functions),
        _ours("StepsWaiting", "steps waiting"),
        _ours("EventsRepaired", "events sent again"),
    ]
    name = "ApproximateNumberOfMessagesVisible"
    letters = ["AWS/SQS", name, "QueueName", "${DeadLetters.QueueName}", {"label": "events that wait"}]
    return [
        Widget("Errors of the functions", FIVE_MINUTES, "Sum", errors, STACKED),
        Widget("Throttled functions, steps that wait, events sent again", FIVE_MINUTES, "Sum", waits),
        Widget("Dead letters", FIVE_MINUTES, "Maximum", [letters], _axis()),
    ]


def _of_cost(functions: list[Function]) -> list[Widget]:
    jobs = [_ours("TrainingSeconds", "training"), _ours("TransformSeconds", "transform")]
    answering = "seconds of answering, which serverless is billed by (right)"
    endpoint = [
        _computed("instances * PERIOD(instances) / 3600", "instance hours", "hours"),
        _ours("EndpointInstances", "instances", id="instances", **HIDDEN, stat="Average"),
        _computed(f"SUM({_of_endpoint('ModelLatency')}) / 1000000", answering, "answering", yAxis="right"),
        _computed(f"SUM({_of_endpoint('Invocations')})", "requests (right)", "requests", yAxis="right"),
    ]
    used = " + ".join(f"{each.memory} * {each.id}" for each in functions)
    seconds = [
        _computed(f"({used}) / 1024 / 1000", "GB-seconds", "gb_seconds"),
        *(_of_lambda("Duration", each, id=each.id, **HIDDEN) for each in functions),
    ]
    units = [
        ["AWS/DynamoDB", f"Consumed{way}CapacityUnits", "TableName", f"${{{table}}}", {"label": label}]
        for table, way, label in (
            ("ServingTable", "Read", "serving: read"),
            ("ServingTable", "Write", "serving: write"),
            ("LedgerTable", "Read", "ledger: read"),
            ("LedgerTable", "Write", "ledger: write"),
        )
    ]
    return [
        Widget("Cost: seconds of jobs, as billed", HOUR, "Sum", jobs, STACKED),
        Widget("Cost: endpoint", HOUR, "Sum", endpoint),
        Widget("Cost: GB-seconds of the functions", HOUR, "Sum", seconds),
        Widget("Cost: request units of the tables", HOUR, "Sum", units, STACKED),
    ]


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _ours(name: str, label: str, **options: Any) -> Line:
    return ["retailrec", name, "service", STACK, {"label": label, **options}]


def _of_gateway(name: str, **options: Any) -> Line:
    return ["AWS/ApiGateway", name, "ApiName", STACK, "Stage", "v1", options]


def _of_lambda(name: str, function: Function, **options: Any) -> Line:
    return ["AWS/Lambda", name, "FunctionName", f"{STACK}-{function.name}", options]


def _of_endpoint(name: str) -> str:
    """Search for a metric of the endpoint: its variant has another name for each run."""
    found = f'EndpointName="{STACK}-endpoint" MetricName="{name}"'
    return f"SEARCH('{{AWS/SageMaker,EndpointName,VariantName}} {found}', 'Sum', 3600)"


def _computed(expression: str, label: str, name: str, **options: Any) -> Line:
    return [{"expression": expression, "label": label, "id": name, **options}]


def _axis(**options: Any) -> dict[str, Any]:
    return {"yAxis": {"left": {"min": 0, "showUnits": False, **options}}}


def _marked(value: float, label: str) -> dict[str, Any]:
    return {"annotations": {"horizontal": [{"value": value, "label": label}]}}


def functions_of(template: Mapping[str, Any]) -> list[Function]:
    """List the functions that are in every stack, in the template's order."""
    memory = template["Globals"]["Function"]["MemorySize"]
    found = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function" and "Condition" not in each
    ]
    prefix = f"{STACK}-"
    return [
        Function(each["FunctionName"]["Fn::Sub"].removeprefix(prefix), each.get("MemorySize", memory))
        for each in found
    ]


def placed(functions: list[Function]) -> Iterator[dict[str, Any]]:
    """Place every widget on the grid, below the text at its head."""
    yield _place("text", 0, 0, WIDTH, TEXT_HEIGHT, {"markdown": TITLE})
    for number, row in enumerate(rows(functions)):
        width = WIDTH // len(row)
        for place, widget in enumerate(row):
            y = TEXT_HEIGHT + number * HEIGHT
            yield _place("metric", place * width, y, width, HEIGHT, widget.properties())


def _place(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def with_dashboard(template: str) -> str:
    """Return the text of the template with its dashboard as it is described here, one line a widget."""
    widgets = ",\n".join(json.dumps(each) for each in placed(functions_of(yaml_parse(template))))
    body = f'{{"start": "-P7D", "periodOverride": "inherit", "widgets": [\n{widgets}\n]}}\n'
    indented = "".join(f"        {line}\n" for line in body.splitlines())
    written, times = _BODY.subn(lambda _: indented, template)
    if times != 1:
        raise SystemExit("template.yaml has no DashboardBody that can be written.")
    return written


if __name__ == "__main__":
    TEMPLATE.write_text(with_dashboard(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
