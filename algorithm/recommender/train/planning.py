"""What a training decides before its fits: the algorithm, and the weight of the recency term."""

import logging
from dataclasses import dataclass, replace
from typing import Any

from recommender.data.interactions import Interactions
from recommender.errors import UserError
from recommender.evaluate.scorers import score_scale
from recommender.evaluate.validation import Validation
from recommender.fitting.fitted import Fitted, History
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads
from recommender.train.algorithm_choice import Choice, choose_within
from recommender.train.stages import Stages

STAGE = "validation"
NOTHING_TO_VALIDATE = (
    "No user has both older and newer rows: hyperparameters cannot be tuned. Use data of a longer period, or"
    " turn tuning off."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """``chosen`` names the algorithm; ``recency`` is in units of its scores' standard deviation."""

    chosen: Hyperparameters
    recency: float
    candidates: list[dict[str, Any]]

    def recency_weight(self, fitted: Fitted, history: History) -> float:
        """Return the weight of the recency term in units of a fit's own scores."""
        if isinstance(self.chosen.recency, float):
            return self.chosen.recency
        return self.recency * score_scale(fitted, history) if self.recency else 0.0


def plan(training: Interactions, chosen: Hyperparameters, stages: Stages) -> Plan:
    """Decide by the validation slice of the training rows, or return an earlier attempt's decision."""
    kept = stages.checkpoints.result("plan")
    if kept:
        return Plan(replace(chosen, algorithm=kept["algorithm"]), kept["recency"], kept["candidates"])
    decided = _decide(training, chosen, stages)
    found = Plan(decided.chosen, decided.recency if _tuned(chosen) else 0.0, decided.table())
    result = {
        "algorithm": found.chosen.algorithm,
        "recency": found.recency,
        "candidates": found.candidates,
    }
    stages.checkpoints.keep("plan", result)
    return found


def _tuned(chosen: Hyperparameters) -> bool:
    # The Marketplace's algorithm has no recency term.
    return chosen.recency == "auto" and not chosen.marketplace_twin


def _decide(training: Interactions, chosen: Hyperparameters, stages: Stages) -> Choice:
    if chosen.algorithm != "auto" and not _tuned(chosen) and not chosen.validates:
        return Choice(chosen, 0.0)
    validation = Validation.of(training)
    if validation is None and chosen.validates:
        raise UserError(NOTHING_TO_VALIDATE)
    if chosen.algorithm == "auto":
        return choose_within(stages, validation, chosen)
    if validation is None:
        log.info("no user has both older and newer rows: no recency term")
        return Choice(chosen, 0.0)
    fitted, _ = stages.fit(STAGE, validation.history, chosen)
    with blas_threads(stages.threads):
        judged = validation.judge(fitted)
    if chosen.validates:
        judged.log_metric()
    log.info(
        "recency term: %g x the scores' spread, for NDCG@20 of all items %.4f, standard error %.4f",
        judged.recency,
        judged.all_items,
        judged.all_items_error,
    )
    return Choice(chosen, judged.recency)
