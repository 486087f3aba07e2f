"""Every entry of a run fits an item of DynamoDB, whatever the ids are, and readers find everything in it."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailrec_shared.core import names
from retailrec_shared.serving import customer_pages
from retailrec_shared.serving.bulk import BATCH_BYTES, Write, _batches
from retailrec_shared.serving.customer_pages import CustomerPages, Directory
from retailrec_shared.serving.entries import ORDER, run_entries, run_keys
from retailrec_shared.serving.keys import (
    customer_key,
    customers_key,
    popular_key,
    popular_since_key,
    similar_key,
)
from retailrec_shared.serving.sizes import dump, size_of
from tests.chaos.services.dynamodb import MOST_ITEM_BYTES, MOST_KEY_BYTES, MOST_REQUEST_BYTES

RUN = "a" * 16
LONGEST_ID, LONGEST_TEXT = 256, 500
# Every kind that a file may hold: of one byte, written as two in JSON, of three and of four bytes.
letters = st.sampled_from('a"\\\u20ac\U0001f600')


def longest(letter: str, number: int, length: int = LONGEST_ID) -> str:
    """An id of the longest length, which counts its last characters."""
    return letter * (length - 6) + f"{number:06}"


def files(letter: str) -> dict[str, Any]:
    """A run's files with the most that prepare_dataset writes into each."""
    ids = [longest(letter, number) for number in range(12_100)]
    country = longest(letter, 1, LONGEST_TEXT)
    ranking = [{"item_id": each, "customers": 1_000_000} for each in ids[:1_100]]
    since = {
        f"20{month // 12:02}-{month % 12 + 1:02}": [[each, 1_000_000] for each in ids[:100]]
        for month in range(36)
    }
    return {
        names.CATALOGUE_JSONL: [{"item_id": ids[0], "description": longest(letter, 1, LONGEST_TEXT)}],
        names.SIMILAR_JSONL: [{"item_id": ids[0], "similar": [[each, 0.1234] for each in ids[:50]]}],
        names.POPULAR_JSON: [
            {
                "all": ranking,
                "rest": [[each, 1_000_000] for each in ids[1_100:]],
                "by_country": {country: ranking[:100]},
                "since": {"all": since, "by_country": {country: since}},
            }
        ],
    }


def body(letter: str) -> dict[str, Any]:
    """A customer who bought and is recommended as much as there can be."""
    ids = [longest(letter, number) for number in range(10_000)]
    purchase = {"timestamp": "2011-01-01T10:00:00", "invoice": ids[0], "quantity": 1_000_000, "price": 9.99}
    return {
        "country": longest(letter, 1, LONGEST_TEXT),
        "purchases_total": 100_000,
        "purchases": [{**purchase, "item_id": each} for each in ids[:50]],
        "bought": ids[:3_000],
        "recommendations": [(each, 0.123456789) for each in ids[:100]],
    }


def entries_of(letter: str, customers: list[str]) -> dict[str, Any]:
    held, one = files(letter), body(letter)
    read = lambda relative: [json.dumps(line) for line in held[relative]]  # noqa: E731
    found = list(run_entries(RUN, read, ((customer, one) for customer in customers)))
    assert len(dict(found)) == len(found), "one batch must not have a key twice"
    return {key: dump(each) for key, each in found}


@pytest.mark.parametrize("letter", ['"', "\U0001f600"])
def test_the_longest_ids_fit(letter: str) -> None:
    customers = [longest(letter, number) for number in range(3)]
    found = entries_of(letter, customers)
    for key, text in found.items():
        assert size_of(key, text) <= MOST_ITEM_BYTES, key[:40]
        assert len(key.encode()) <= MOST_KEY_BYTES
    customer = json.loads(found[customer_key(RUN, customers[0])])
    assert len(customer["recommendations"]) == 100, "recommendations are worth most"
    assert len(customer["purchases"]) > 20
    assert len(customer["bought"]) > 20
    assert len(json.loads(found[popular_key(RUN)])) > 200
    months = json.loads(found[popular_since_key(RUN)])
    assert len(months) == 36
    assert min(map(len, months.values())) >= 9
    similar = json.loads(found[similar_key(RUN, longest(letter, 0))])
    assert len(similar) == 50


def test_what_fits_is_not_cut() -> None:
    short = {**body("a"), "bought": ["1", "2"], "purchases": [], "recommendations": [("1", 0.5)]}
    held = files("a")
    read = lambda relative: [json.dumps(line) for line in held[relative]]  # noqa: E731
    found = dict(run_entries(RUN, read, [("7", short)]))
    assert json.loads(found[customer_key(RUN, "7")]) == json.loads(json.dumps(short))


@given(st.lists(st.text(letters, min_size=1, max_size=LONGEST_ID), unique=True, max_size=300), st.data())
def test_every_customer_is_on_the_page_where_it_is_looked_for(ids: list[str], data: st.DataObject) -> None:
    """Also where the pages' first ids take several entries."""
    customers = sorted(ids)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customer_pages, "PAGE_BYTES", data.draw(st.integers(100, 5_000)))
        patch.setattr(customer_pages, "CUSTOMERS_PER_PAGE", data.draw(st.integers(1, 50)))
        patch.setattr(customer_pages, "room_for_body", lambda _key: 3_000)
        pages = CustomerPages(RUN)
        found = dict(entry for customer in customers for entry in pages.add(customer)) | dict(pages.rest())
    directory = Directory(RUN, found[customers_key(RUN)])
    assert directory.total == len(customers)
    listed = [each for page in range(directory.pages) for each in found[customers_key(RUN, page)]]
    assert listed == customers
    for customer in customers:
        page = directory.page_of(customer, found.get)
        assert customer in found[customers_key(RUN, page)]


def test_a_page_of_5000_ids_of_79_bytes_fits() -> None:
    pages = CustomerPages(RUN)
    customers = [f"{number:079}" for number in range(6_000)]
    found = [entry for customer in customers for entry in pages.add(customer)] + list(pages.rest())
    assert max(size_of(key, dump(each)) for key, each in found) <= customer_pages.PAGE_BYTES * 1.1


def test_a_million_of_the_longest_ids_have_a_directory_that_fits() -> None:
    pages = CustomerPages(RUN)
    pages._first = [longest("\U0001f600", number) for number in range(10_000)]  # a page has a hundred of them
    found = list(pages.rest())
    assert max(size_of(key, dump(each)) for key, each in found) <= MOST_ITEM_BYTES
    directory = Directory(RUN, found[-1].body)
    assert directory.page_of(longest("\U0001f600", 9_876), dict(found).get) == 9_876


@given(st.lists(st.integers(1, 400_000), max_size=60))
def test_a_batch_stays_below_dynamodbs_limits(sizes: list[int]) -> None:
    """A character of four bytes is twelve in a request."""
    batches = list(_batches(Write({}, size) for size in sizes))
    assert [each.size for batch in batches for each in batch] == sizes
    for batch in batches:
        total = sum(each.size for each in batch)
        assert len(batch) <= 25
        assert total <= BATCH_BYTES
        assert total * 3 + 25 * 3_000 <= MOST_REQUEST_BYTES


def test_a_position_holds_while_entries_and_their_order_are_the_same() -> None:
    """If this is red, a position that an earlier release noted leaves out entries: raise ORDER."""
    customers = [longest("a", number) for number in range(1_000)]
    held = files("a") | {names.HISTORY_JSONL: [{"customer_id": each} for each in customers]}
    keys = run_keys(RUN, lambda relative: [json.dumps(line) for line in held[relative]])
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    assert (ORDER, digest) == (1, "b58b913fd1cdffbf")


def test_clean_up_finds_every_key_that_publishing_wrote() -> None:
    customers = [longest("\u20ac", number) for number in range(400)]
    held = files("a") | {names.HISTORY_JSONL: [{"customer_id": each} for each in customers]}
    read = lambda relative: [json.dumps(line) for line in held[relative]]  # noqa: E731
    none: dict[str, Any] = {"recommendations": [], "purchases": [], "bought": []}
    written = [key for key, _ in run_entries(RUN, read, ((each, none) for each in customers))]
    keys = list(run_keys(RUN, read))
    assert sorted(keys) == sorted(written)
