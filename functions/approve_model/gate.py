"""The quality gate: is a model good enough to serve?

Every run is tested on the newest part of its own file, so two runs' figures compare as they
are only on the very same test rows. On test rows of the same kind (cleaning profile and split
alike) the lift compares, roughly: how many times more the model hits than popularity does for
the same customers. A lift that falls is worth a caution; it does not hold a model.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC

POPULARITY = f"{CONTRACT_METRIC}_popularity"
COVERAGE = re.compile(r"coverage(@\d+)?")
SAME_KIND = ("cleaning_profile", "split")
Metrics = Mapping[str, float]


class Standards(NamedTuple):
    """What an operator asks of a model: see the template's parameters of these names."""

    floor: float
    tolerance: float
    coverage_floor: float


def objection(run: Run, metrics: Metrics, live: Run | None, standards: Standards) -> str | None:
    """Return why a run's model must not replace the live one, in sentences; ``None`` if it may.

    A metric that the algorithm does not report is not judged, except that a floor needs its metric. NaN or
    infinity rejects the model, since every comparison with it would pass.
    """
    found = [
        *_no_numbers(metrics),
        *_below_floor(metrics, standards.floor),
        *_below_popularity(metrics),
        *(_below_live(run, metrics, live, standards.tolerance) if live else ()),
        *_narrow(metrics, standards.coverage_floor),
    ]
    return " ".join(found) or None


def _no_numbers(metrics: Metrics) -> Iterator[str]:
    judged = (name for name in metrics if name in {CONTRACT_METRIC, POPULARITY} or COVERAGE.fullmatch(name))
    for name in judged:
        if not math.isfinite(metrics[name]):
            yield f"The training job reported a {name} that is not a number ({metrics[name]})."


def _below_floor(metrics: Metrics, floor: float) -> Iterator[str]:
    precision = metrics.get(CONTRACT_METRIC)
    if precision is None:
        if floor > 0:
            yield f"The training job reported no {CONTRACT_METRIC}."
    elif precision < floor:
        yield f"Held-out {CONTRACT_METRIC} is {precision:.4f}, below the floor of {floor:.4f}."


def _below_popularity(metrics: Metrics) -> Iterator[str]:
    precision, popularity = metrics.get(CONTRACT_METRIC), metrics.get(POPULARITY)
    if precision is not None and popularity is not None and precision < popularity:
        yield (
            f"Held-out {CONTRACT_METRIC} is {precision:.4f}: recommending the most popular items to "
            f"everybody reaches {popularity:.4f}."
        )


def _below_live(run: Run, metrics: Metrics, live: Run, tolerance: float) -> Iterator[str]:
    fall = _fall(metrics.get(CONTRACT_METRIC), live.metrics.get(CONTRACT_METRIC), tolerance)
    if fall and tested_alike(run, live):
        yield (
            f"The live run {live.run_id} does better: held-out {CONTRACT_METRIC} was {fall.old:.4f} and is "
            f"{fall.new:.4f} (on the same test rows), a fall of {1 - fall.new / fall.old:.0%} where "
            f"{tolerance:.0%} is tolerated."
        )


def caution(run: Run, metrics: Metrics, live: Run | None, tolerance: float) -> str | None:
    """Return a caution about a lower lift, which does not reject the model; ``None`` if there is none."""
    if live is None or tested_alike(run, live) or not tested_on_one_kind(run, live):
        return None
    fall = _fall(lift(metrics), lift(live.metrics), tolerance)
    if fall is None:
        return None
    return (
        f"{CONTRACT_METRIC} is {fall.new:.2f} times popularity's, where the run {live.run_id} had "
        f"{fall.old:.2f} times. The two were tested on different rows, so this alone rejects no model: "
        "check that the file is complete and correct."
    )


class Fall(NamedTuple):
    """A figure that fell by more than is tolerated."""

    old: float
    new: float


def _fall(new: float | None, old: float | None, tolerance: float) -> Fall | None:
    if new is None or old is None or new >= old * (1 - tolerance):
        return None
    if not (math.isfinite(new) and math.isfinite(old)):
        return None  # a new one that is no number is rejected above; an old one says nothing about this model
    return Fall(old, new)


def _narrow(metrics: Metrics, floor: float) -> Iterator[str]:
    shares = [value for name, value in metrics.items() if COVERAGE.fullmatch(name)]
    if shares and max(shares) < floor:
        yield (
            f"Only {max(shares):.2%} of the items are recommended to any customer, "
            f"below the floor of {floor:.2%}."
        )


def tested_on_one_kind(run: Run, live: Run) -> bool:
    """Return whether two runs' test rows were chosen by the same rules."""
    return all(
        run.configuration.get(name) is not None
        and run.configuration.get(name) == live.configuration.get(name)
        for name in SAME_KIND
    )


def tested_alike(run: Run, live: Run) -> bool:
    """Return whether two runs were tested on the very same rows: the same dataset, read and split alike."""
    return tested_on_one_kind(run, live) and (_same_dataset(run, live) or _same_bytes(run, live))


def _same_dataset(run: Run, live: Run) -> bool:
    return run.dataset.id is not None and run.dataset.id == live.dataset.id


def _same_bytes(run: Run, live: Run) -> bool:
    mappings = (each.configuration.get("column_mapping", "") for each in (run, live))
    alone = not (run.dataset.joined or live.dataset.joined)
    return alone and run.upload.etag == live.upload.etag and len(set(mappings)) == 1


def lift(metrics: Metrics) -> float | None:
    """Return the model's precision divided by popularity's; ``None`` if either is unknown or zero."""
    precision, popularity = metrics.get(CONTRACT_METRIC), metrics.get(POPULARITY)
    return precision / popularity if precision is not None and popularity else None
