"""The fits of one training, each with a name: logged, saved to checkpoints, and stopped on request."""

import logging
import time
from dataclasses import dataclass, field

from recommender.fitting import fit
from recommender.fitting.fitted import Epoch, Fitted, History, Progress
from recommender.hyperparameters import Hyperparameters
from recommender.train.checkpoints import Checkpoints
from recommender.train.interrupts import Interrupt, Stopped

SAVE_SECONDS = 60.0  # between checkpoints
LOG_SECONDS = 10.0  # between log lines of a fit without another callback

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stages:
    """What the fits of a training share."""

    threads: int
    checkpoints: Checkpoints = field(default_factory=lambda: Checkpoints(None, ""))
    interrupt: Interrupt = field(default_factory=Interrupt)

    def fit(
        self, stage: str, history: History, chosen: Hyperparameters, watch: Progress | None = None
    ) -> tuple[Fitted, float]:
        """Fit, from a checkpoint of this stage if there is one; returns the fit and its seconds."""
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
    """The callback of every epoch: saves, stops and logs."""

    def __init__(self, stage: str, stages: Stages, watch: Progress | None) -> None:
        self._stage, self._stages, self._watch = stage, stages, watch
        self._saved = self._logged = time.monotonic()

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
        elif now - self._logged >= LOG_SECONDS:
            log.info("%s: pass %d of %d", self._stage, epoch.number, epoch.of)
            self._logged = now
