"""The ladder of sources: the first gives what it can, the next fill up what is missing."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from retailrec_shared.contract.api_responses import Source


class Candidate(NamedTuple):
    """An item that a source recommends, and why, where it can tell."""

    item_id: str
    score: float
    because_of: str | None = None


class Rung(NamedTuple):
    """A source, the run that it is of, and what it recommends, best first."""

    source: Source
    run_id: str
    candidates: Iterable[Candidate]
    since: str | None = None  # first day that a ranking counts from; None for all time


class Chosen(NamedTuple):
    """A candidate, and the rung that it came from."""

    candidate: Candidate
    rung: Rung


@dataclass(frozen=True)
class Wish:
    """How many items are wanted, and which may be among them."""

    top_n: int
    exclude: frozenset[str] = frozenset()
    in_stock: frozenset[str] | None = None
    exclude_purchased: bool | None = None  # None: as the run has it

    def of_run(self, excludes_purchased: bool) -> "Wish":
        """Let the run decide what was not asked for."""
        asked = self.exclude_purchased
        return replace(self, exclude_purchased=excludes_purchased if asked is None else asked)

    def without(self, items: Iterable[str]) -> "Wish":
        """Leave out some items more."""
        return replace(self, exclude=self.exclude.union(items))

    def allows(self, item: str) -> bool:
        """Tell whether an item may be recommended."""
        return item not in self.exclude and (self.in_stock is None or item in self.in_stock)

    def to_ask(self, unwanted: int = 0) -> int:
        """How many items to ask a source for that may give so many ``unwanted`` ones."""
        return 1000 if self.in_stock is not None else self.top_n + unwanted


@dataclass
class Climb:
    """Takes rungs in turn, until enough is chosen."""

    wish: Wish
    chosen: list[Chosen] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Tell whether enough is chosen."""
        return len(self.chosen) >= self.wish.top_n

    def take(self, rung: Rung) -> None:
        """Choose what is allowed and not chosen yet, while there is room."""
        for candidate in rung.candidates:
            if self.full:
                return
            if candidate.item_id not in self._seen and self.wish.allows(candidate.item_id):
                self._seen.add(candidate.item_id)
                self.chosen.append(Chosen(candidate, rung))


def climb(wish: Wish, rungs: Iterable[Callable[[], Rung | None]]) -> list[Chosen]:
    """Ask one source after the other, as long as items are missing."""
    so_far = Climb(wish)
    for rung in rungs:
        if so_far.full:
            break
        found = rung()
        if found:
            so_far.take(found)
    return so_far.chosen


def most_similar(seeds: Collection[str], neighbours: dict[str, list[tuple[str, float]]]) -> list[Candidate]:
    """Rank the neighbours of some items, the newest first, by their summed similarity.

    The seed that speaks most for an item is why. Later seeds, bought longer ago, count less.
    """
    scores: dict[str, float] = {}
    best: dict[str, tuple[float, str]] = {}
    for place, seed in enumerate(seeds):
        weight = 1.0 / (1.0 + 0.1 * place)
        for item, similarity in neighbours.get(seed, []):
            part = weight * similarity
            scores[item] = scores.get(item, 0.0) + part
            best[item] = max(best.get(item, (0.0, seed)), (part, seed), key=lambda each: each[0])
    ranked = sorted(scores, key=lambda item: (-scores[item], item))
    return [Candidate(item, round(scores[item], 6), best[item][1]) for item in ranked]
