"""The charts and the table of the view Model: pure functions from runs to HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

from retailrec.console.metric_names import counterparts, epoch_label, metric_label, own_metrics
from retailrec.metrics.measured import plain
from retailrec.views.screen import local_time
from retailrec_shared.charts.frame import TextAlternative
from retailrec_shared.charts.markup import Child, Markup, element, join
from retailrec_shared.charts.series import Point, Reference, Series, series_figure
from retailrec_shared.charts.tables import table

Json = Mapping[str, Any]
TIME = "%d %b %Y, %H:%M"
NO_NUMBER = "–"  # noqa: RUF001 - a dash


def runs_chart(runs: Sequence[Json], name: str, chosen: str) -> Markup:
    """Draw a metric of the runs that have it, in the order of their uploads, with its baselines."""
    measured = [run for run in runs if name in run["metrics"]]
    if not measured:
        return _note("No run has this metric yet.")
    known: dict[str, float] = {}
    for run in measured:
        known |= run["metrics"]
    lines = [("model", name), *counterparts(name, known)]
    series = [Series(label, _points(measured, key, chosen)) for label, key in lines]
    title = f"{metric_label(name)} of {len(measured)} runs"
    return series_figure(
        TextAlternative("over", title, _describe(series)), "run, in the order of uploads", series, (), metric
    )


def epochs_chart(points: Sequence[Json], name: str, run: Json, before: Json | None) -> Markup:
    """Draw a metric over the epochs of a training, with the finished models that it is compared with."""
    label = epoch_label(name)
    series = [Series(label, [Point(each["step"], each["value"], f"epoch {each['step']}") for each in points])]
    references = [
        Reference(each.label, run["metrics"][each.name]) for each in counterparts(name, run["metrics"])
    ]
    if before and plain(name) in before["metrics"]:
        references.append(Reference("previous model", before["metrics"][plain(name)]))
    alternative = TextAlternative("epochs", f"{label} by epoch", _describe(series, references))
    return series_figure(alternative, "epoch", series, references, metric)


def comparison_table(run: Json, before: Json | None) -> Markup:
    """List a run's metrics, next to those of the baselines and of the model before it."""
    metrics = run["metrics"]
    rows = own_metrics([metrics])
    if not rows:
        return _note("This run has no metrics yet.")
    others = {name: dict(counterparts(name, metrics)) for name in rows}
    baselines = list(dict.fromkeys(label for each in others.values() for label in each))
    lines = [
        [
            metric_label(name),
            _with_error(metrics, name),
            *(_number(metrics, others[name].get(label)) for label in baselines),
            _number(before["metrics"], name) if before else NO_NUMBER,
        ]
        for name in rows
    ]
    headers = ("metric", "model", *baselines, "previous model")
    shown = table(headers, lines, kinds="t" + "n" * (len(headers) - 1))
    scroll = element("div", shown, class_="scroll", tabindex=0, role="group", aria_label="Metrics")
    return join([scroll, _note(*_explain(run, before))])


def metric(value: float) -> str:
    """Write a metric."""
    return f"{value:.4f}"


def previous(runs: Sequence[Json], run_id: str) -> Json | None:
    """Find the run before, in the order of uploads, that has metrics."""
    found = None
    for run in runs:
        if run["run_id"] == run_id:
            break
        found = run if run["metrics"] else found
    return found


def _points(runs: Sequence[Json], key: str, chosen: str) -> list[Point]:
    return [
        Point(number, run["metrics"][key], f"{number}: {_name(run)}{_chosen(run, chosen)}")
        for number, run in enumerate(runs, start=1)
        if key in run["metrics"]
    ]


def _chosen(run: Json, chosen: str) -> str:
    return " (chosen)" if run["run_id"] == chosen else ""


def _name(run: Json) -> str:
    return f"{run['file']}, {local_time(run['uploaded_at'], TIME).lstrip('0')}"


def _describe(series: Sequence[Series], references: Sequence[Reference] = ()) -> str:
    parts = [
        f"{each.name}: first {metric(each.points[0].y)}, last {metric(each.points[-1].y)},"
        f" highest {metric(max(point.y for point in each.points))}"
        for each in series
    ]
    parts += [f"{each.name}: {metric(each.y)}" for each in references]
    return f"{'; '.join(parts)}. The figures are in the table below."


def _with_error(metrics: Mapping[str, float], name: str) -> str:
    error = metrics.get(f"{name}_se")
    return metric(metrics[name]) + (f" ± {metric(error)}" if error else "")


def _number(metrics: Mapping[str, float], name: str | None) -> str:
    return metric(metrics[name]) if name is not None and name in metrics else NO_NUMBER


def _explain(run: Json, before: Json | None) -> list[str]:
    users = run["metrics"].get("users_evaluated")
    return [
        "Precision@10: the share of ten recommended items that a customer went on to buy",
        f", on average over {users:,.0f} customers." if users else ".",
        f" Previous model: {_name(before)}, measured on its own data."
        if before
        else " No model came before this one.",
    ]


def _note(*content: Child) -> Markup:
    return element("p", *content, class_="note")
