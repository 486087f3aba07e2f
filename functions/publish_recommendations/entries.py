"""What a run's files become in the serving table, beside its customers."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from retailrec_shared.serving.keys import (
    CUSTOMERS_PER_PAGE,
    customers_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)

Entry = tuple[str, Any]


def items(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Turn the catalogue into entries."""
    for item in map(json.loads, lines):
        yield item_key(run_id, item.pop("item_id")), item


def similar(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Turn each item's neighbours into an entry."""
    for item in map(json.loads, lines):
        yield similar_key(run_id, item["item_id"]), item["similar"]


def popular(run_id: str, rankings: dict[str, Any]) -> Iterator[Entry]:
    """Turn the rankings, overall and by country, into entries."""
    yield popular_key(run_id), rankings["all"]
    yield popular_rest_key(run_id), rankings.get("rest", [])  # which a run of an earlier release has not
    for country, ranking in rankings["by_country"].items():
        yield popular_key(run_id, country), ranking
    since = rankings["since"]
    yield popular_since_key(run_id), since["all"]
    for country, months in since["by_country"].items():
        yield popular_since_key(run_id, country), months


class CustomerPages:
    """Makes entries of the customers' ids, so that they can be looked through by prefix."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._page: list[str] = []
        self._first: list[str] = []
        self.customers = 0

    def add(self, customer: str) -> Iterator[Entry]:
        """Take the next customer, by order of ids; yield the page that is full."""
        if not self._page:
            self._first.append(customer)
        self._page.append(customer)
        self.customers += 1
        if len(self._page) == CUSTOMERS_PER_PAGE:
            yield self._turn()

    def rest(self) -> Iterator[Entry]:
        """Yield the last page, and what all pages are."""
        if self._page:
            yield self._turn()
        yield customers_key(self._run_id), {"total": self.customers, "first": self._first}

    def _turn(self) -> Entry:
        page, self._page = self._page, []
        return customers_key(self._run_id, len(self._first) - 1), page
