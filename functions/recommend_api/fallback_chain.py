"""The fallback chain: the first source gives the items it has, the next ones fill up the list."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from retailrec_shared.contract.api_responses import Source


class Candidate(NamedTuple):
    """An item that a source recommends, and the item that is the reason, where the source has one."""

    item_id: str
    score: float
    because_of: str | None = None


class SourceResult(NamedTuple):
    """What a source recommends, best first, and the run that it is from."""

    source: Source
    run_id: str
    candidates: Iterable[Candidate]
    since: str | None = None  # first day of a ranking; None for all time


Fetch = Callable[[], SourceResult | None]


class Chosen(NamedTuple):
    """A candidate, and the source result that it is from."""

    candidate: Candidate
    result: SourceResult


@dataclass(frozen=True)
class RecommendationCriteria:
    """How many items are wanted, and which may be among them."""

    top_n: int
    exclude: frozenset[str] = frozenset()
    in_stock: frozenset[str] | None = None
    exclude_purchased: bool | None = None  # None: as in the run's configuration

    def of_run(self, excludes_purchased: bool) -> "RecommendationCriteria":
        """Take the run's default for what the request does not say."""
        asked = self.exclude_purchased
        return replace(self, exclude_purchased=excludes_purchased if asked is None else asked)

    def without(self, items: Iterable[str]) -> "RecommendationCriteria":
        """Exclude more items."""
        return replace(self, exclude=self.exclude.union(items))

    def allows(self, item: str) -> bool:
        """Return whether an item may be recommended."""
        return item not in self.exclude and (self.in_stock is None or item in self.in_stock)

    def item_count(self, unwanted: int = 0) -> int:
        """Return how many items to request of a source that may give up to ``unwanted`` excluded ones."""
        return 1000 if self.in_stock is not None else self.top_n + unwanted


@dataclass
class Selection:
    """Takes items from one result after the other, until there are enough."""

    criteria: RecommendationCriteria
    chosen: list[Chosen] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Whether there are enough items."""
        return len(self.chosen) >= self.criteria.top_n

    def take(self, result: SourceResult) -> None:
        """Take the candidates that are allowed and not taken yet, while items are missing."""
        for candidate in result.candidates:
            if self.full:
                return
            if candidate.item_id not in self._seen and self.criteria.allows(candidate.item_id):
                self._seen.add(candidate.item_id)
                self.chosen.append(Chosen(candidate, result))


def select_items(criteria: RecommendationCriteria, sources: Iterable[Fetch]) -> list[Chosen]:
    """Call one source after the other, as long as items are missing."""
    selection = Selection(criteria)
    for fetch in sources:
        if selection.full:
            break
        result = fetch()
        if result:
            selection.take(result)
    return selection.chosen


def most_similar(seeds: Collection[str], neighbours: dict[str, list[tuple[str, float]]]) -> list[Candidate]:
    """Rank the neighbours of some items (``seeds``, the newest first) by their summed similarity.

    The seed n places from the first has the weight 1 / (1 + 0.1 n). The reason for an item is the seed that
    adds most to its score.
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
