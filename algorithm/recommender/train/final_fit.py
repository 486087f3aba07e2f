"""The fit on the training rows, which is evaluated, and the model's fit, on all rows if refitting."""

import logging
from dataclasses import dataclass
from typing import Any

from recommender.data.interactions import HeldOut, Interactions, align, merge
from recommender.evaluate.curve import Curve
from recommender.evaluate.evaluation import Evaluated, Metrics, evaluate
from recommender.fitting.fitted import Fitted, History
from recommender.fitting.histories import build_history
from recommender.threads import blas_threads
from recommender.train.planning import Plan
from recommender.train.stages import Stages

EVALUATED, REFITTED = "evaluated", "refitted"
METRICS_NOTE = "the metrics are those of the fit on the training rows"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinalFit:
    """The model's rows and fit, and ``document``, the content of metrics.json."""

    rows: Interactions
    history: History
    fitted: Fitted
    recency_weight: float
    algorithm: str
    seconds: float
    document: dict[str, Any]


def fit_final(training: Interactions, testing: Interactions | None, plan: Plan, stages: Stages) -> FinalFit:
    """Fit on the training rows and evaluate; then fit on all rows, if refitting and there are more."""
    refit = plan.chosen.refit and testing is not None
    evaluated = stages.checkpoints.result(EVALUATED)
    fitted = None
    if evaluated is None or not refit:
        fitted, evaluated = _evaluate(training, testing, plan, stages)
        if refit:
            stages.checkpoints.keep(EVALUATED, evaluated)
    _log_metrics(evaluated["metrics"])
    rows = merge(training, testing) if refit and testing is not None else training
    history = build_history(rows)
    seconds = evaluated["seconds"]
    if refit or fitted is None:
        log.info("fitting again, on all %d rows: %s", len(rows), METRICS_NOTE)
        fitted, seconds = stages.fit(REFITTED, history, plan.chosen)
    with blas_threads(stages.threads):
        weight = plan.recency_weight(fitted, history)
    document = {
        **evaluated["metrics"],
        "evaluated_on": None if testing is None else _evaluated_on(training, testing),
        "refitted": refit,
        "algorithm": plan.chosen.algorithm,
        "recency": plan.recency,
        "candidates": plan.candidates,
        "epochs": evaluated["epochs"],
    }
    return FinalFit(rows, history, fitted, weight, plan.chosen.algorithm, seconds, document)


def _evaluate(
    training: Interactions, testing: Interactions | None, plan: Plan, stages: Stages
) -> tuple[Fitted, dict[str, Any]]:
    history = build_history(training)
    held_out = _held_out(training, testing)
    curve = Curve(history, held_out)
    fitted, seconds = stages.fit(EVALUATED, history, plan.chosen, curve)
    with blas_threads(stages.threads):
        weight = plan.recency_weight(fitted, history)
        log.info("evaluating, with a recency weight of %.4g", weight)
        model = Evaluated(fitted, history, weight, training.times is not None)
        metrics = evaluate(model, held_out) | {"fit_seconds": round(seconds, 3)}
    return fitted, {"metrics": metrics, "seconds": seconds, "epochs": curve.points}


def _held_out(training: Interactions, testing: Interactions | None) -> HeldOut | None:
    if testing is None:
        return None
    held_out = align(testing, training)
    if not len(held_out.users):
        log.warning("warning: no user of the testing channel occurs in the training channel")
    return held_out


def _evaluated_on(training: Interactions, testing: Interactions) -> dict[str, Any]:
    return {"channel": "testing", "rows": len(testing), "fitted_on_rows": len(training)}


def _log_metrics(metrics: Metrics) -> None:
    for name, value in metrics.items():
        log.info("metric: %s = %s", name, f"{value:.6f}" if isinstance(value, float) else value)
