"""Every entry of a run in the serving table: publishing writes these, and clean-up deletes their keys.

Each fits an item of DynamoDB, whatever the data: where a body is too large, its lists are cut (sizes.py).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from retailrec_shared.core import names
from retailrec_shared.serving.customer_pages import CustomerPages
from retailrec_shared.serving.keys import (
    customer_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)
from retailrec_shared.serving.sizes import Text, bytes_of, cut_list, cut_lists, dump, room_for_body

# Raised by one whenever a release changes which entries a run has, or their order: a number of entries that
# an earlier release noted as its position says nothing then.
ORDER = 1

Entry = tuple[str, Any]
Read = Callable[[str], Iterable[str]]
# Of an entry that is too large, what the recommendations and the newest purchases may have before the items
# bought are cut, too.
_RECOMMENDATIONS_BYTES = 120_000
_PURCHASES_BYTES = 120_000


def run_entries(run_id: str, read: Read, customers: Iterable[tuple[str, Any]]) -> Iterator[Entry]:
    """Yield each key of a run with its body, always in the same order.

    ``read`` yields the lines of one of the run's files; ``customers`` are ids with bodies, by order of ids.
    """
    yield from _items(run_id, read(names.CATALOGUE_JSONL))
    yield from _similar(run_id, read(names.SIMILAR_JSONL))
    yield from _popular(run_id, json.loads("".join(read(names.POPULAR_JSON))))
    pages = CustomerPages(run_id)
    for customer, body in customers:
        yield from pages.add(customer)
        key = customer_key(run_id, customer)
        yield key, body and _fitting_customer(body, room_for_body(key))
    yield from pages.rest()


def run_keys(run_id: str, read: Read) -> Iterator[str]:
    """Yield every key that a run may have; runs of earlier releases have fewer files and rankings.

    Each item of the catalogue may have neighbours, so the file of similar items is not read. Of an earlier
    release's pages there are fewer.
    """

    def read_for_keys(relative: str) -> Iterable[str]:
        if relative != names.SIMILAR_JSONL:
            return read(relative)
        items = (json.loads(line)["item_id"] for line in read(names.CATALOGUE_JSONL))
        return (json.dumps({"item_id": item, "similar": []}) for item in items)

    customers = ((customer_of(line), None) for line in read(names.HISTORY_JSONL))
    return (key for key, _ in run_entries(run_id, read_for_keys, customers))


_BEFORE_ID = '{"customer_id":'
_decode = json.JSONDecoder().raw_decode


def customer_of(line: str) -> str:
    """Read the customer of a history's line, without its purchases: those take most of the time."""
    if line.startswith(_BEFORE_ID):
        return str(_decode(line, line.index('"', len(_BEFORE_ID)))[0])
    return str(json.loads(line)["customer_id"])


def _items(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each line of the catalogue; a description has at most 500 characters."""
    for item in map(json.loads, lines):
        yield item_key(run_id, item.pop("item_id")), item


def _similar(run_id: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each item's neighbours, the nearest first."""
    for item in map(json.loads, lines):
        yield _fitting(similar_key(run_id, item["item_id"]), item["similar"])


def _popular(run_id: str, rankings: dict[str, Any]) -> Iterator[Entry]:
    """Yield the rankings, overall and by country."""
    yield _fitting(popular_key(run_id), rankings["all"])
    yield _fitting(popular_rest_key(run_id), rankings.get("rest", []))  # missing in runs of earlier releases
    for country, ranking in rankings["by_country"].items():
        yield _fitting(popular_key(run_id, country), ranking)
    since = rankings.get("since", {"all": {}, "by_country": {}})  # missing in runs of earlier releases
    yield _fitting_months(popular_since_key(run_id), since["all"])
    for country, months in since["by_country"].items():
        yield _fitting_months(popular_since_key(run_id, country), months)


def _fitting(key: str, ranking: list[Any]) -> Entry:
    return key, cut_list(ranking, room_for_body(key))


def _fitting_months(key: str, months: dict[str, list[Any]]) -> Entry:
    room = room_for_body(key)
    return key, months if bytes_of(months) <= room else cut_lists(months, room)


def _fitting_customer(body: dict[str, Any], room: int) -> Text:
    """Format a customer's body; one that does not fit loses the oldest purchases, the lowest
    recommendations, and of the items bought those that come last.
    """
    text = Text(dump(body))
    if len(text.encode()) <= room:
        return text
    cut = {
        **body,
        "recommendations": cut_list(body["recommendations"], _RECOMMENDATIONS_BYTES),
        "purchases": cut_list(body["purchases"], _PURCHASES_BYTES),
        "bought": [],
    }
    return Text(dump({**cut, "bought": cut_list(body["bought"], room - bytes_of(cut))}))
