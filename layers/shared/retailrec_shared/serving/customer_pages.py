"""The customers' ids in the serving table, in pages, so that the API can search them by prefix.

A page has at most ``CUSTOMERS_PER_PAGE`` ids and ``PAGE_BYTES`` bytes. The entry that describes the pages
names the first id of each. Where those do not fit one entry, they are in parts, of which it names the first
ids.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from retailrec_shared.serving.keys import CUSTOMERS_PER_PAGE, customers_key, customers_part_key
from retailrec_shared.serving.sizes import bytes_of, room_for_body

PAGE_BYTES = 100_000
_COMMA = 1


class Entry(NamedTuple):
    """A key, and a body that fits."""

    key: str
    body: Any


class CustomerPages:
    """Makes the entries of the customers' ids."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._page: list[str] = []
        self._bytes = 0
        self._first: list[str] = []
        self._customers = 0

    def add(self, customer: str) -> Iterator[Entry]:
        """Add the next customer, by order of ids; yield the page before, if that is full."""
        size = bytes_of(customer) + _COMMA
        if self._page and (len(self._page) == CUSTOMERS_PER_PAGE or self._bytes + size > PAGE_BYTES):
            yield self._close_page()
        if not self._page:
            self._first.append(customer)
        self._page.append(customer)
        self._bytes += size
        self._customers += 1

    def rest(self) -> Iterator[Entry]:
        """Yield the last page, and the entries that describe all pages."""
        if self._page:
            yield self._close_page()
        key = customers_key(self._run_id)
        body: dict[str, Any] = {"total": self._customers, "first": self._first}
        if bytes_of(body) <= room_for_body(key):
            yield Entry(key, body)
            return
        parts = list(self._parts())
        yield from (Entry(customers_part_key(self._run_id, n), part) for n, part in enumerate(parts))
        starts = [0]
        for part in parts[:-1]:
            starts.append(starts[-1] + len(part))
        yield Entry(
            key,
            {
                "total": self._customers,
                "pages": len(self._first),
                "starts": starts,
                "parts": [part[0] for part in parts],
            },
        )

    def _close_page(self) -> Entry:
        page, self._page, self._bytes = self._page, [], 0
        return Entry(customers_key(self._run_id, len(self._first) - 1), page)

    def _parts(self) -> Iterator[list[str]]:
        """Yield the pages' first ids in lists that fit."""
        part: list[str] = []
        size = 0
        for first in self._first:
            more = bytes_of(first) + _COMMA
            if part and size + more > PAGE_BYTES:
                yield part
                part, size = [], 0
            part.append(first)
            size += more
        yield part


class Directory(NamedTuple):
    """Where the pages are, as the entry that describes them says."""

    run_id: str
    described: dict[str, Any]

    @property
    def total(self) -> int:
        """How many customers there are."""
        return int(self.described.get("total", 0))

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return int(self.described.get("pages", len(self.described.get("first", ()))))

    def page_of(self, customer: str, read: Callable[[str], Any]) -> int:
        """Return the number of the page that has an id, or the ids around it; ``read`` reads an entry."""
        if "parts" not in self.described:
            return _place(self.described.get("first", ()), customer)
        part = _place(self.described["parts"], customer)
        first = read(customers_part_key(self.run_id, part)) or []
        return int(self.described["starts"][part]) + _place(first, customer)


def _place(first: Any, wanted: str) -> int:
    return max(bisect_right(first, wanted) - 1, 0)
