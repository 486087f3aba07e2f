"""Ranks the items that most customers bought: overall and by country, in all time and since each month."""

import json
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrays import Ints
from prepare_dataset.write.purchased import Purchased, purchased_by_country

# A hundred are left when an API request excludes as many ids as it may.
BEST = 1_100
# Enough for a customer whose history has the most items, which are excluded as well.
REST = 11_000
_REST_BYTES = 300_000  # an item of DynamoDB has at most 400 kB
_COUNT_BYTES = 16  # of a count, and of the JSON around it and the id
BEST_SINCE = 100
BEST_IN_COUNTRY = 100
BEST_SINCE_IN_COUNTRY = 50
NEWEST_MONTHS = 36
Ranking = list[tuple[int, int]]  # item codes, each with its customers


def write_popular(rows: Interactions, bought: Purchased, path: Path) -> None:
    """Write rankings by number of customers; of items with equally many, the lower id comes first."""
    ids = rows.item.values.to_pylist()
    overall, overall_since = _rankings(bought, BEST + REST, BEST_SINCE)
    by_country, since_by_country = {}, {}
    for code, part in purchased_by_country(rows):
        country = rows.country.values[code].as_py()
        ranking, since = _rankings(part, BEST_IN_COUNTRY, BEST_SINCE_IN_COUNTRY)
        by_country[country] = _format_number(ids, ranking)
        since_by_country[country] = _named_since(ids, since)
    content = {
        "all": _format_number(ids, overall[:BEST]),
        "rest": _cut_to_size([(str(ids[item]), count) for item, count in overall[BEST:]]),
        "by_country": by_country,
        "since": {"all": _named_since(ids, overall_since), "by_country": since_by_country},
    }
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _rankings(bought: Purchased, best: int, best_since: int) -> tuple[Ranking, dict[str, Ranking]]:
    """Rank in all time, and since each of the newest months.

    A customer counts since a month when the last purchase of the item is of that month or later.
    """
    if not len(bought.item):
        return [], {}
    items, place = np.unique(bought.item, return_inverse=True)
    months = len(bought.months)
    counts = np.bincount(place * months + bought.month, minlength=len(items) * months)
    since = np.cumsum(counts.reshape(len(items), months)[:, ::-1], axis=1)[:, ::-1]
    newest = np.unique(bought.month)[-NEWEST_MONTHS:]
    return _best(items, since[:, 0], best), {
        str(bought.months[month]): _best(items, since[:, month], best_since) for month in newest
    }


def _best(items: Ints, customers: Ints, most: int) -> Ranking:
    best = np.argsort(-customers, kind="stable")[:most]
    best = best[customers[best] > 0]
    return list(zip(items[best].tolist(), customers[best].tolist(), strict=True))


def _format_number(ids: Sequence[str | None], ranking: Ranking) -> list[dict[str, str | int | None]]:
    return [{"item_id": ids[item], "customers": count} for item, count in ranking]


def _named_since(ids: Sequence[str | None], since: dict[str, Ranking]) -> dict[str, Any]:
    return {month: [(ids[item], count) for item, count in ranking] for month, ranking in since.items()}


def _cut_to_size(ranking: list[tuple[str, int]]) -> list[tuple[str, int]]:
    sizes = accumulate(len(item.encode()) + _COUNT_BYTES for item, _ in ranking)
    return [each for each, size in zip(ranking, sizes, strict=True) if size <= _REST_BYTES]
