"""Proposes what a tuning job tries next, by Optuna.

The study is built again for each proposal, from the account's records: a search has no other state.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.sagemaker.tuning.space import Categories, Space, Value

if TYPE_CHECKING:
    import optuna

MAX_RANDOM_TRIALS = 10


@dataclass(frozen=True)
class Observation:
    """A training job's hyperparameters and its objective value; None while it is unknown."""

    tuned: Mapping[str, str]
    value: float | None = None


@dataclass(frozen=True)
class Search:
    """How to search; ``parents`` are what earlier tuning jobs saw, of the same rows where ``identical``."""

    space: Space
    maximize: bool
    at_random: bool
    in_total: int
    seed: int
    parents: Sequence[Observation] = ()
    identical: bool = False

    def propose(self, seen: Sequence[Observation], number: int) -> dict[str, str]:
        """Return what to try after ``number`` others; ``seen`` are those that ended well or still run."""
        if number == 0 and not self.at_random:
            return self._first()
        import optuna  # a second to import, and few accounts tune

        optuna.logging.set_verbosity(logging.WARNING)
        study = optuna.create_study(
            direction="maximize" if self.maximize else "minimize", sampler=self._sampler(number)
        )
        distributions = {name: _distribution(among) for name, among in self.space.items()}
        for each in (*self._inherited(seen), *seen):
            study.add_trial(_trial(each, self.space, distributions))
        asked = study.ask(distributions).params
        return {name: _written(asked[name]) for name in self.space}

    def _first(self) -> dict[str, str]:
        """Begin with the parents' best hyperparameters, or with the middle of each range."""
        best = self._best_parent()
        if best:
            return {name: best.tuned[name] for name in self.space}
        return {name: _written(among.middle) for name, among in self.space.items()}

    def _best_parent(self) -> Observation | None:
        choose = max if self.maximize else min
        return choose(self._usable(), key=lambda each: each.value or 0.0, default=None)

    def _usable(self) -> Iterator[Observation]:
        for each in self.parents:
            if each.value is not None and all(
                name in each.tuned and among.holds(each.tuned[name]) for name, among in self.space.items()
            ):
                yield each

    def _inherited(self, seen: Sequence[Observation]) -> Iterator[Observation]:
        """Import what parents saw. For other rows, values are shifted by how the best one does on these."""
        best = self._best_parent()
        if best is None or self.at_random:
            return
        shift = 0.0
        if not self.identical:
            again = next((each.value for each in seen if dict(each.tuned) == self._first()), None)
            if again is None:
                return  # not known yet
            shift = again - (best.value or 0.0)
        for each in self._usable():
            if self.identical or each is not best:
                yield Observation(each.tuned, (each.value or 0.0) + shift)

    def _sampler(self, number: int) -> "optuna.samplers.BaseSampler":
        import optuna

        seed = (self.seed + number) % 2**32
        if self.at_random:
            return optuna.samplers.RandomSampler(seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                seed=seed,
                constant_liar=True,  # jobs that run at once are not to try the same
                n_startup_trials=min(MAX_RANDOM_TRIALS, max(2, self.in_total // 4)),
            )


def _trial(
    observed: Observation, space: Space, distributions: Mapping[str, Any]
) -> "optuna.trial.FrozenTrial":
    import optuna

    state = optuna.trial.TrialState
    return optuna.trial.create_trial(
        params={name: among.read(observed.tuned[name]) for name, among in space.items()},
        distributions=dict(distributions),
        value=observed.value,
        state=state.RUNNING if observed.value is None else state.COMPLETE,
    )


def _distribution(among: Any) -> "optuna.distributions.BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(among, Categories):
        return CategoricalDistribution(among.values)
    if among.whole:
        return IntDistribution(int(among.low), int(among.high), log=among.logarithmic)
    return FloatDistribution(among.low, among.high, log=among.logarithmic)


def _written(value: Value) -> str:
    return value if isinstance(value, str) else repr(value)
