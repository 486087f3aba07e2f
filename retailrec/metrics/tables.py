"""Metrics by epoch and across runs, as tables for the terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from retailrec.metrics.measured import Measured, label, plain
from retailrec.views.metrics import NDCG, PRECISION, metrics_table
from retailrec.views.runs import SHORT_ID, SHORT_TIME
from retailrec.views.screen import local_time, table, titled

ROWS = 20
BAR = 24
WITHOUT_EPOCHS = "This training logged nothing by epoch: its algorithm has no epochs, or the log is gone."


def one_run(measured: Measured) -> RenderableType:
    """Show one run: its metrics by epoch, and those of the whole model."""
    parts: list[RenderableType] = [by_epoch(measured)]
    if measured.metrics:
        parts += ["", metrics_table(measured.metrics, measured.run)]
    return Group(*parts)


def by_epoch(measured: Measured) -> RenderableType:
    """List each metric by epoch, precision at 10 also as a bar; of long trainings some epochs only."""
    run = measured.run
    title = f"By epoch: run {run.run_id[:SHORT_ID]} of {run.upload.key}"
    if not measured.series:
        return titled(title, Text(WITHOUT_EPOCHS))
    shown = table(">epoch", *(f">{label(name)}" for name in measured.series), "")
    values = {name: dict(points) for name, points in measured.series.items()}
    epochs = sorted({epoch for each in values.values() for epoch in each})
    highest = max((point.value for point in measured.precision), default=0.0)
    for epoch in thinned(epochs):
        numbers = [f"{each[epoch]:.4f}" if epoch in each else "" for each in values.values()]
        value = next((each.get(epoch) for name, each in values.items() if plain(name) == PRECISION), None)
        shown.add_row(str(epoch), *numbers, bar(value, highest))
    return titled(title, shown, _epochs_caption(measured, len(epochs)))


def thinned(epochs: Sequence[int], most: int = ROWS) -> list[int]:
    """Choose at most ``most`` epochs, evenly spaced, with the first and the last."""
    if len(epochs) <= most:
        return list(epochs)
    return [epochs[round(place * (len(epochs) - 1) / (most - 1))] for place in range(most)]


def bar(value: float | None, highest: float) -> str:
    """Draw a value as a bar, the highest as the longest."""
    return "" if value is None or highest <= 0 else "━" * max(0, round(BAR * value / highest))


def across(runs: Sequence[Measured]) -> RenderableType:
    """List runs, the oldest upload first, with the metrics of their whole models."""
    listed = table(
        "run", "file", "uploaded", "status", ">p@10", ">popularity", ">lift", ">new items", ">NDCG@20"
    )
    for each in runs:
        run = each.run
        listed.add_row(
            run.run_id[:SHORT_ID],
            run.upload.key,
            local_time(run.upload.uploaded_at, SHORT_TIME),
            run.status.value,
            *_numbers(each, (PRECISION, f"{PRECISION}_popularity")),
            f"{each.lift:.2f}" if each.lift else "",
            *_numbers(each, (f"{PRECISION}_new_items", NDCG)),
        )
    caption = (
        "Held out, of each run's own file. Lift: precision divided by popularity's. New items: precision "
        "without items that the customer had bought."
    )
    return titled(f"{len(runs)} runs", listed, caption)


def notes(runs: Iterable[Measured]) -> list[str]:
    """List what could not be read, without repetitions."""
    return list(dict.fromkeys(note for each in runs for note in each.notes))


def _numbers(measured: Measured, names: Iterable[str]) -> list[str]:
    return [f"{measured.metrics[name]:.4f}" if name in measured.metrics else "" for name in names]


def _epochs_caption(measured: Measured, epochs: int) -> str:
    measured_on = (
        "Measured during training, on some of the held-out customers, by the scores only."
        if any(plain(name) != name for name in measured.series)
        else ""
    )
    thin = f" {ROWS} of {epochs} epochs are shown; --json has all." if epochs > ROWS else ""
    return (measured_on + thin).strip()
