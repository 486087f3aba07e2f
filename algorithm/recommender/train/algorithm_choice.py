"""``algorithm=auto``: candidates compared on a slice of the training rows, within a time budget."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from recommender.data.interactions import Interactions
from recommender.errors import UserError
from recommender.evaluate.validation import Judgement, Validation
from recommender.fitting.fitted import Epoch
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads
from recommender.train.stages import Stages

# The cheapest first: the budget ends the most expensive ones.
CANDIDATES = ("popularity", "ease", "als", "bpr")
FALLBACK = "bpr"
DEFAULT_BUDGET = 600.0
NO_SLICE = "warning: no user has both older and newer rows to compare on; algorithm=auto falls back to %s"

log = logging.getLogger(__name__)


class OutOfTimeError(Exception):
    """A candidate's fit would exceed the time budget."""


@dataclass(frozen=True)
class Candidate:
    """An algorithm's result on the validation slice, or the reason why it has none."""

    algorithm: str
    seconds: float
    judgement: Judgement | None = None
    reason: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the candidate's row of the table in metrics.json."""
        if self.judgement is None:
            return {"algorithm": self.algorithm, "seconds": self.seconds, "left_out": self.reason}
        judged = self.judgement
        return {
            "algorithm": self.algorithm,
            "seconds": self.seconds,
            "ndcg@20_new_items": judged.new_items,
            "ndcg@20_new_items_se": judged.new_items_error,
            "ndcg@20": judged.all_items,
            "ndcg@20_se": judged.all_items_error,
            "recency": judged.recency,
        }


@dataclass(frozen=True)
class Choice:
    """``chosen`` names the algorithm; ``recency`` is in units of its scores' standard deviation."""

    chosen: Hyperparameters
    recency: float
    candidates: tuple[Candidate, ...] = ()

    def table(self) -> list[dict[str, Any]]:
        """Return the comparison as JSON, with the winner marked."""
        return [each.row() | {"chosen": each.algorithm == self.chosen.algorithm} for each in self.candidates]


def choose(training: Interactions, chosen: Hyperparameters, *, threads: int = 1) -> Choice:
    """Compare the candidates on the newest fifth of the rows (a random fifth where they have no times)."""
    return choose_within(Stages(threads), Validation.of(training), chosen)


def choose_within(stages: Stages, validation: Validation | None, chosen: Hyperparameters) -> Choice:
    """Do what ``choose`` does as stages of a training, which may be interrupted and resumed."""
    if validation is None:
        log.warning(NO_SLICE, FALLBACK)
        return Choice(replace(chosen, algorithm=FALLBACK), 0.0)
    budget = _Budget(chosen.time_budget_seconds or DEFAULT_BUDGET)
    candidates = [_candidate(stages, validation, chosen, name, budget) for name in CANDIDATES]
    judged = {each.algorithm: each.judgement for each in candidates if each.judgement}
    winner = best_of(judged)
    for each in candidates:
        log.info("candidate %s: %s", each.algorithm, _sentence(each))
        for ending, value in _metrics(each):
            log.info("metric: candidate_%s_%s = %.6f", ending, each.algorithm, value)
    log.info("chosen: %s", winner)
    if chosen.validates:
        judged[winner].log_metric()
    return Choice(replace(chosen, algorithm=winner), judged[winner].recency, tuple(candidates))


def best_of(judged: dict[str, Judgement]) -> str:
    """Return the algorithm closest to the best, in standard errors, on new items and on all items."""
    best_new = max(judged.values(), key=lambda each: each.new_items)
    best_all = max(judged.values(), key=lambda each: each.all_items)

    def shortfalls(name: str) -> tuple[float, float]:
        new = (best_new.new_items - judged[name].new_items) / (best_new.new_items_error or 1)
        both = (best_all.all_items - judged[name].all_items) / (best_all.all_items_error or 1)
        return max(new, both), new + both

    return min(judged, key=shortfalls)


class _Budget:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._ends - time.monotonic()

    def watch(self) -> Callable[[Epoch], None]:
        """Return a callback that raises OutOfTimeError once a fit is expected to exceed the time left.

        The first epoch also compiles the kernel, which takes seconds, so it is not used for the estimate.
        """
        first: list[tuple[int, float]] = []

        def check(epoch: Epoch) -> None:
            now = time.monotonic()
            number, since = first[0] if first else (epoch.number, now)
            first[:] = [(number, since)]
            each = (now - since) / max(1, epoch.number - number)
            if each * (epoch.of - epoch.number) > self.left:
                raise OutOfTimeError(f"it would have exceeded the time budget of {self._seconds:g} seconds")

        return check


def _candidate(
    stages: Stages, validation: Validation, chosen: Hyperparameters, name: str, budget: _Budget
) -> Candidate:
    kept = stages.checkpoints.result(f"candidate-{name}")
    if kept:
        judgement = Judgement(**kept["judgement"]) if kept["judgement"] else None
        return Candidate(name, kept["seconds"], judgement, kept["reason"])
    candidate = _compare(stages, validation, replace(chosen, algorithm=name), budget)
    stages.checkpoints.keep(f"candidate-{name}", asdict(candidate))
    return candidate


def _compare(stages: Stages, validation: Validation, chosen: Hyperparameters, budget: _Budget) -> Candidate:
    name, began = chosen.algorithm, time.monotonic()
    if budget.left <= 0 and name != CANDIDATES[0]:
        return Candidate(name, 0.0, reason="the time budget was used up")
    try:
        fitted, seconds = stages.fit(f"candidate-{name}", validation.history, chosen, budget.watch())
    except (OutOfTimeError, UserError) as error:
        return Candidate(name, round(time.monotonic() - began, 3), reason=str(error))
    with blas_threads(stages.threads):
        return Candidate(name, round(seconds, 3), validation.judge(fitted))


def _metrics(candidate: Candidate) -> Iterable[tuple[str, float]]:
    if candidate.judgement:
        yield "ndcg@20", candidate.judgement.all_items
        yield "ndcg@20_new_items", candidate.judgement.new_items


def _sentence(candidate: Candidate) -> str:
    judged = candidate.judgement
    if judged is None:
        return f"left out, {candidate.reason}"
    return (
        f"NDCG@20 of new items {judged.new_items:.4f} (error {judged.new_items_error:.4f}), of all items "
        f"{judged.all_items:.4f} ({judged.all_items_error:.4f}) with {judged.recency:g} x recency, "
        f"{candidate.seconds:.1f} seconds"
    )
