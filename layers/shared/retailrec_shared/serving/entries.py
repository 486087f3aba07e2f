"""Every entry of a run in the serving table: publishing writes these, and clean-up deletes their keys."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from retailrec_shared.core import names
from retailrec_shared.serving.keys import (
    CUSTOMERS_PER_PAGE,
    customer_key,
    customers_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)

Entry = tuple[str, Any]
Read = Callable[[str], Iterable[str]]


def run_entries(run_id: str, read: Read, customers: Iterable[tuple[str, Any]]) -> Iterator[Entry]:
    """Yield each key of a run with its body.

    ``read`` yields the lines of one of the run's files; ``customers`` are ids with bodies, by order of ids.
    """
    yield from _items(run_id, read(names.CATALOGUE_JSONL))
    yield from _similar(run_id, read(names.SIMILAR_JSONL))
    yield from _popular(run_id, json.loads("".join(read(names.POPULAR_JSON))))
    pages = _CustomerPages(run_id)
    for customer, body in customers:
        yield from pages.add(customer)
        yield customer_key(run_id, customer), body
    yield from pages.rest()


def run_keys(run_id: str, read: Read) -> Iterator[str]:
    """Yield every key that a run may have; runs of earlier releases have fewer files and rankings.

    Each item of the catalogue may have neighbours, so the file of similar items is not read.
    """

    def read_for_keys(relative: str) -> Iterable[str]:
        if relative != names.SIMILAR_JSONL:
            return read(relative)
        items = (json.loads(line)["item_id"] for line in read(names.CATALOGUE_JSONL))
        return (json.dumps({"item_id": item, "similar": None}) for item in items)

    histories = map(json.loads, read(names.HISTORY_JSONL))
    customers = ((str(history["customer_id"]), None) for history in histories)
    return (key for key, _ in run_entries(run_id, read_for_keys, customers))


def _items(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each line of the catalogue."""
    for item in map(json.loads, lines):
        yield item_key(run_id, item.pop("item_id")), item


def _similar(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each item's neighbours."""
    for item in map(json.loads, lines):
        yield similar_key(run_id, item["item_id"]), item["similar"]


def _popular(run_id: str, rankings: dict[str, Any]) -> Iterator[Entry]:
    """Yield the rankings, overall and by country."""
    yield popular_key(run_id), rankings["all"]
    yield popular_rest_key(run_id), rankings.get("rest", [])  # missing in runs of earlier releases
    for country, ranking in rankings["by_country"].items():
        yield popular_key(run_id, country), ranking
    since = rankings.get("since", {"all": {}, "by_country": {}})  # missing in runs of earlier releases
    yield popular_since_key(run_id), since["all"]
    for country, months in since["by_country"].items():
        yield popular_since_key(run_id, country), months


class _CustomerPages:
    """Creates entries of the customers' ids, so that the API can search them by prefix."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._page: list[str] = []
        self._first: list[str] = []
        self._customers = 0

    def add(self, customer: str) -> Iterator[Entry]:
        """Add the next customer, by order of ids; yield the page that is full."""
        if not self._page:
            self._first.append(customer)
        self._page.append(customer)
        self._customers += 1
        if len(self._page) == CUSTOMERS_PER_PAGE:
            yield self._close_page()

    def rest(self) -> Iterator[Entry]:
        """Yield the last page, and the entry that describes all pages."""
        if self._page:
            yield self._close_page()
        yield customers_key(self._run_id), {"total": self._customers, "first": self._first}

    def _close_page(self) -> Entry:
        page, self._page = self._page, []
        return customers_key(self._run_id, len(self._first) - 1), page
