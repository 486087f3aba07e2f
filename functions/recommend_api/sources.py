"""The sources of the fallback chain that read the serving table: batch lists, neighbours and rankings."""

import threading
from collections.abc import Collection
from typing import Any

from recommend_api import table
from recommend_api.budget import Budget
from recommend_api.fallback_chain import Candidate, Fetch, RecommendationCriteria, SourceResult, most_similar
from retailrec_shared.contract.api_responses import Source
from retailrec_shared.serving.keys import (
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)

SEEDS = 10


def batch(run_id: str, body: Any) -> SourceResult | None:
    """Return the batch job's list in a customer's entry; ``None`` where there is none."""
    if not body or not body["recommendations"]:
        return None
    return SourceResult(
        "batch", run_id, [Candidate(item, float(score)) for item, score in body["recommendations"]]
    )


def similar(run_id: str, seeds: Collection[str], budget: Budget) -> SourceResult | None:
    """Return the items most similar to some items (``seeds``, the newest first), if there are any."""
    keys = {similar_key(run_id, seed): seed for seed in list(dict.fromkeys(seeds))[:SEEDS]}
    found = table.read_cached(keys, budget)
    if not found:
        return None
    neighbours = {keys[key]: body for key, body in found.items()}
    return SourceResult("similar", run_id, most_similar(list(keys.values()), neighbours))


def in_country(run_id: str, country: str | None, budget: Budget) -> SourceResult | None:
    """Return what is popular in a country; ``None`` for a country that the run does not have."""
    ranking = table.read_cached([popular_key(run_id, country)], budget) if country else {}
    return SourceResult("popular_in_country", run_id, _ranked(*ranking.values())) if ranking else None


def last_resorts(run_id: str, criteria: RecommendationCriteria, budget: Budget) -> tuple[Fetch, ...]:
    """Return the last sources: popular items, then less popular ones, then any items in stock.

    They are the same for all customers of a request, so each is read once.
    """
    return (
        _once(lambda: popular(run_id, budget)),
        _once(lambda: less_popular(run_id, budget)),
        _once(lambda: in_stock(run_id, criteria, budget)),
    )


def _once(fetch: Fetch) -> Fetch:
    """Return a function that calls ``fetch`` once, and gives all threads the same result."""
    lock, results = threading.Lock(), list[SourceResult | None]()

    def fetch_once() -> SourceResult | None:
        with lock:
            if not results:
                results.append(fetch())
        return results[0]

    return fetch_once


def popular(run_id: str, budget: Budget) -> SourceResult:
    """Return what is popular overall."""
    return SourceResult(
        "popular", run_id, _ranked(*table.read_cached([popular_key(run_id)], budget).values())
    )


def less_popular(run_id: str, budget: Budget) -> SourceResult | None:
    """Return what follows the most popular items, for customers who bought or exclude all of those."""
    key = popular_rest_key(run_id)
    ranking = table.read_cached([key], budget).get(key)
    return _counted("popular", run_id, ranking) if ranking else None


def popular_since(run_id: str, country: str | None, since: str, budget: Budget) -> SourceResult | None:
    """Return what is popular since a month (YYYY-MM), in a country or overall.

    For a month after the last one the last one is used, so that the response is not empty.
    """
    key = popular_since_key(run_id, country)
    rankings = table.read_cached([key], budget).get(key)
    if not rankings:
        return None
    months = sorted(rankings)
    month = next((month for month in months if month >= since), months[-1])
    source: Source = "popular_in_country" if country else "popular"
    return _counted(source, run_id, rankings[month], f"{month}-01")


def in_stock(run_id: str, criteria: RecommendationCriteria, budget: Budget) -> SourceResult | None:
    """Return the items in stock, also those in no ranking, by how many customers bought them."""
    if not criteria.in_stock:
        return None
    keys = {item_key(run_id, item): item for item in sorted(criteria.in_stock)}
    found = table.read_cached(keys, budget)
    counted = [Candidate(keys[key], float(body.get("customers") or 0)) for key, body in found.items()]
    return SourceResult("popular", run_id, sorted(counted, key=lambda each: (-each.score, each.item_id)))


def _counted(source: Source, run_id: str, ranking: Any, since: str | None = None) -> SourceResult:
    return SourceResult(
        source, run_id, [Candidate(item, float(customers)) for item, customers in ranking], since
    )


def _ranked(ranking: Any = ()) -> list[Candidate]:
    return [Candidate(entry["item_id"], float(entry["customers"])) for entry in ranking]
