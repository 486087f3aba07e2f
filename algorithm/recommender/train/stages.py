"""The fits of one training, each by its name: told of, saved at times, and stopped when asked."""

import logging
import time
from dataclasses import dataclass, field

from recommender.fitting import fit
from recommender.fitting.fitted import Epoch, Fitted, History, Progress
from recommender.hyperparameters import Hyperparameters
from recommender.train.checkpoints import Checkpoints
from recommender.train.interrupts import Interrupt, Stopped

SAVE_SECONDS = 60.0  # between checkpoints
TELL_SECONDS = 10.0  # between lines of a fit that nobody else tells of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stages:
    """What all fits of a training share."""

    threads: int
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None, ""))
    interrupt: Interrupt = field(default_factory=Interrupt)

    def fit(
        self, stage: str, history: History, chosen: Hyperparameters, watch: Progress | None = None
    ) -> tuple[Fitted, float]:
        """Fit, going on from a checkpoint of this stage if there is one; returns the seconds it took, too."""
        log.info("fitting %s: %s on %d threads", stage, chosen.algorithm, self.threads)
        saver = _Saver(stage, self, watch)
        started = time.monotonic()
        with self.interrupt.deferred():
            start = self.checkpoints.start(stage)
            fitted = fit(history, chosen, threads=self.threads, progress=saver, start=start)
        seconds = time.monotonic() - started
        log.info("fitted %s in %.1f seconds", stage, seconds)
        return fitted, seconds


class _Saver:
    """Is told of every epoch."""

    def __init__(self, stage: str, stages: Stages, watch: Progress | None) -> None:
        self._stage, self._stages, self._watch = stage, stages, watch
        self._saved = self._told = time.monotonic()

    def __call__(self, epoch: Epoch) -> None:
        stop = self._stages.interrupt.requested
        now = time.monotonic()
        if stop or now - self._saved >= SAVE_SECONDS:
            self._stages.checkpoints.save(self._stage, epoch)
            self._saved = now
        if stop:
            if self._stages.checkpoints.kept:
                log.info("stopped in the fit %s after epoch %d, which is saved", self._stage, epoch.number)
            raise Stopped
        if self._watch:
            self._watch(epoch)
        elif now - self._told >= TELL_SECONDS:
            log.info("%s: pass %d of %d", self._stage, epoch.number, epoch.of)
            self._told = now
