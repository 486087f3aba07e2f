"""The items that most customers bought, overall and by country."""

import json
from pathlib import Path

import numpy as np

from prepare_dataset.arrays import MISSING, Codes, Ints, distinct, first_n_of_each
from prepare_dataset.interactions import Interactions

BEST_OVERALL = 100
BEST_IN_COUNTRY = 20


def customers_of_items(rows: Interactions) -> Ints:
    """How many customers bought each item, by item code."""
    items = len(rows.item.values)
    pairs = distinct(rows.customer.codes * np.int64(items) + rows.item.codes)
    return np.bincount(pairs % items, minlength=items)


def write_popular(rows: Interactions, customers: Ints, path: Path) -> None:
    """Write rankings by number of customers; of items with equally many, the lower id comes first."""
    best = np.argsort(-customers, kind="stable")[:BEST_OVERALL]
    overall = _spell(rows, best, customers[best])
    path.write_text(
        json.dumps({"all": overall, "by_country": _by_country(rows)}, ensure_ascii=False), encoding="utf-8"
    )


def _spell(rows: Interactions, items: Ints | Codes, customers: Ints) -> list[dict[str, str | int]]:
    return [
        {"item_id": rows.item.values[int(item)].as_py(), "customers": int(count)}
        for item, count in zip(items, customers, strict=True)
        if count
    ]


def _by_country(rows: Interactions) -> dict[str, list[dict[str, str | int]]]:
    countries, items, counts = _customers_by_country(rows)
    order = np.lexsort((items, -counts, countries))
    order = order[first_n_of_each(countries[order], BEST_IN_COUNTRY)]
    rankings: dict[str, list[dict[str, str | int]]] = {}
    for code in np.unique(countries[order]):
        some = order[countries[order] == code]
        rankings[rows.country.values[int(code)].as_py()] = _spell(rows, items[some], counts[some])
    return rankings


def _customers_by_country(rows: Interactions) -> tuple[Ints, Ints, Ints]:
    """Country, item and number of customers of each item that was bought in a country."""
    items, customers = len(rows.item.values), len(rows.customer.values)
    known = rows.country.codes != MISSING
    key = rows.country.codes[known] * np.int64(items) + rows.item.codes[known]
    triples = distinct(key * customers + rows.customer.codes[known])
    pairs, counts = np.unique(triples // customers, return_counts=True)
    return pairs // items, pairs % items, counts
