"""Metrics during a fit: of a few users, and only as often as takes little time."""

import logging
import time

import numpy as np
import numpy.typing as npt

from recommender.data.interactions import HeldOut
from recommender.evaluate.evaluation import sample, top_lists
from recommender.evaluate.measures import K, precision
from recommender.fitting.fitted import Epoch, Factors, History

USERS = 500
PAIRS = 20_000
SHARE_OF_TIME = 0.05
FREE_SECONDS = 0.3  # a small shop's fit takes less, and gets its curve too
SEED = 41

log = logging.getLogger(__name__)


class Curve:
    """Logs and collects metrics at some epochs, always at the last one of each quarter.

    They are for people only: neither the fit nor any choice depends on them.
    """

    def __init__(self, history: History, held_out: HeldOut | None) -> None:
        self.points: list[dict[str, float | int]] = []
        self._pairs = _Pairs(history)
        self._held_out = held_out
        self._rows = sample(len(held_out.users), USERS) if held_out else np.arange(0)
        self._started = time.monotonic()
        self._spent = self._last = 0.0

    def __call__(self, epoch: Epoch) -> None:
        """Measure, unless that would slow the fit down."""
        began = time.monotonic()
        allowed = max(FREE_SECONDS, SHARE_OF_TIME * (began - self._started))
        if not _is_milestone(epoch) and self._spent + self._last > allowed:
            return
        point = {"train_auc": self._pairs.auc(epoch.user_factors, epoch.item_factors)}
        if self._held_out is not None and len(self._rows):
            point[f"epoch_p@k({K})"] = self._precision(epoch, self._held_out)
        self._last = time.monotonic() - began
        self._spent += self._last
        log.info("epoch %d/%d in %.2f seconds", epoch.number, epoch.of, epoch.seconds)
        for name, value in point.items():
            log.info("metric: %s = %.6f", name, value)
        self.points.append(
            {"epoch": epoch.number, "of": epoch.of, "seconds": round(epoch.seconds, 3)} | point
        )

    def _precision(self, epoch: Epoch, held_out: HeldOut) -> float:
        users, items = epoch.user_factors, epoch.item_factors
        lists = top_lists(lambda block: users[block] @ items.T, held_out.users[self._rows])
        return float(precision(lists, held_out.truth[self._rows]).mean())


def _is_milestone(epoch: Epoch) -> bool:
    """Return whether an epoch ends a quarter of the fit: a curve has these points on any machine."""
    return epoch.number in {max(1, quarter * epoch.of // 4) for quarter in range(1, 5)}


class _Pairs:
    """Some pairs of the history, each with a random item to compare with."""

    def __init__(self, history: History) -> None:
        counts = history.counts
        at = sample(counts.nnz, PAIRS)
        self._users = np.searchsorted(counts.indptr, at, side="right") - 1
        self._taken = counts.indices[at]
        self._drawn = np.random.default_rng(SEED).integers(counts.shape[1], size=len(at))

    def auc(self, users: Factors, items: Factors) -> float:
        """Return the share of the pairs that score above their random item; ties count half (AUC)."""
        of_users = users[self._users]
        differences: npt.NDArray[np.float32] = np.einsum(
            "pf,pf->p", of_users, items[self._taken] - items[self._drawn]
        )
        return float((np.sign(differences).mean() + 1) / 2)
