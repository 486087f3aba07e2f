"""What the rungs of the ladder are made of: the table's rankings and neighbours."""

import threading
from collections.abc import Callable, Collection
from typing import Any

from recommend_api import table
from recommend_api.answers import Source
from recommend_api.budget import Budget
from recommend_api.ladder import Candidate, Rung, Wish, most_similar
from retailrec_shared.serving.keys import (
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)

SEEDS = 10


def batch(run_id: str, body: Any) -> Rung | None:
    """Make a rung of the batch job's result in a customer's entry."""
    if not body or not body["recommendations"]:
        return None
    return Rung("batch", run_id, [Candidate(item, float(score)) for item, score in body["recommendations"]])


def similar(run_id: str, seeds: Collection[str], budget: Budget) -> Rung | None:
    """Make a rung of the items most similar to some items, the newest purchase first."""
    keys = {similar_key(run_id, seed): seed for seed in list(dict.fromkeys(seeds))[:SEEDS]}
    found = table.recall(keys, budget)
    if not found:
        return None
    neighbours = {keys[key]: body for key, body in found.items()}
    return Rung("similar", run_id, most_similar(list(keys.values()), neighbours))


def in_country(run_id: str, country: str | None, budget: Budget) -> Rung | None:
    """Make a rung of what is popular in a country; ``None`` for a country that the run does not know."""
    ranking = table.recall([popular_key(run_id, country)], budget) if country else {}
    return Rung("popular_in_country", run_id, _ranked(*ranking.values())) if ranking else None


def last_resorts(run_id: str, wish: Wish, budget: Budget) -> tuple[Callable[[], Rung | None], ...]:
    """Name what is asked last: what is popular overall, then what fewer customers bought.

    It is the same for all customers of a request, who may share it: each is read once.
    """
    return (
        _once(lambda: popular(run_id, budget)),
        _once(lambda: less_popular(run_id, budget)),
        _once(lambda: stocked(run_id, wish, budget)),
    )


def _once(make: Callable[[], Rung | None]) -> Callable[[], Rung | None]:
    """Let whoever asks first make a rung, and the others wait for it."""
    lock, made = threading.Lock(), list[Rung | None]()

    def rung() -> Rung | None:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return rung


def popular(run_id: str, budget: Budget) -> Rung:
    """Make a rung of what is popular overall."""
    return Rung("popular", run_id, _ranked(*table.recall([popular_key(run_id)], budget).values()))


def less_popular(run_id: str, budget: Budget) -> Rung | None:
    """Make a rung of what comes after the most popular items: whoever bought or excludes those needs it."""
    key = popular_rest_key(run_id)
    ranking = table.recall([key], budget).get(key)
    return _counted("popular", run_id, ranking) if ranking else None


def popular_since(run_id: str, country: str | None, since: str, budget: Budget) -> Rung | None:
    """Make a rung of what is popular since a month (YYYY-MM), in a country or overall.

    A month after the last is the last: an answer is better than none.
    """
    key = popular_since_key(run_id, country)
    rankings = table.recall([key], budget).get(key)
    if not rankings:
        return None
    months = sorted(rankings)
    month = next((month for month in months if month >= since), months[-1])
    source: Source = "popular_in_country" if country else "popular"
    return _counted(source, run_id, rankings[month], f"{month}-01")


def stocked(run_id: str, wish: Wish, budget: Budget) -> Rung | None:
    """Make a rung of the items in stock that no ranking names, by how many customers bought them."""
    if not wish.in_stock:
        return None
    keys = {item_key(run_id, item): item for item in sorted(wish.in_stock)}
    found = table.recall(keys, budget)
    counted = [Candidate(keys[key], float(body.get("customers") or 0)) for key, body in found.items()]
    return Rung("popular", run_id, sorted(counted, key=lambda each: (-each.score, each.item_id)))


def _counted(source: Source, run_id: str, ranking: Any, since: str | None = None) -> Rung:
    return Rung(source, run_id, [Candidate(item, float(customers)) for item, customers in ranking], since)


def _ranked(ranking: Any = ()) -> list[Candidate]:
    return [Candidate(entry["item_id"], float(entry["customers"])) for entry in ranking]
