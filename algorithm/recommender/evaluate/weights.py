"""Best items with several weights of the recency term, from one computation of the scores."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.data.interactions import IntArray
from recommender.evaluate.evaluation import BLOCK_CELLS
from recommender.evaluate.measures import LONG
from recommender.evaluate.scorers import Cells, model_scorer, recency_cells
from recommender.fitting.fitted import Fitted, History
from recommender.model.ranking import NOTHING, Codes, Scores, best_rows


def weighted_lists(
    fitted: Fitted, history: History, users: IntArray, weights: Sequence[float]
) -> npt.NDArray[np.intp]:
    """Return the best items of each of ``users`` (n,) with each weight: (weights, n, LONG)."""
    score = model_scorer(fitted, history)
    found = np.full((len(weights), len(users), LONG), NOTHING, dtype=np.intp)
    size = max(1, BLOCK_CELLS // history.counts.shape[1])
    for start in range(0, len(users), size):
        block = slice(start, start + size)
        found[:, block] = _lists(score(users[block]), recency_cells(history, users[block]), weights)
    return found


def _lists(scores: Scores, taken: Cells, weights: Sequence[float]) -> list[Codes]:
    """Rank with each weight; only the scores of what a user took depend on it."""
    plain = scores[taken.rows, taken.items]
    lists = []
    for weight in weights:
        scores[taken.rows, taken.items] = plain + np.float32(weight) * taken.values
        lists.append(best_rows(scores, LONG))
    return lists
