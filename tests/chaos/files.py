"""The files that get dropped: tiny, but read, cleaned and split for real."""

import random
from functools import cache

HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
GOOD = ("good 1", "good 2", "good 3", "good 4")
BAD = ("no such columns", "only cancellations")
# Days of one log, each with some of the day before; the last one says again what a full file says.
MORE = ("more 1", "more 2", "more 3", "more 4", "good 1 again")
CUSTOMERS, ITEMS, INVOICES = 6, 5, 30
DAY, OVERLAP = 8, 3

Line = tuple[str, str, str, str]


@cache
def content(name: str) -> bytes:
    """Write the file of a name."""
    if name == "no such columns":
        return b"name,age\nA,3\n"
    return (HEADER + "".join(_lines(name))).encode()


def acceptable(name: str) -> bool:
    """Return whether a file of this name can be prepared."""
    return name in GOOD or name in MORE


@cache
def lines_of(name: str) -> frozenset[Line]:
    """List what a dataset must hold of a file: invoice, item, customer and time of each line."""
    rows = [line.split(",") for line in _lines(name)]
    return frozenset((row[0], row[1], row[6], row[4]) for row in rows)


def _lines(name: str) -> list[str]:
    if name == "good 1 again":
        return _lines("good 1")[-DAY:]
    if name in MORE:
        last = DAY * int(name.removeprefix("more "))
        return [_of_log(number) for number in range(last - DAY - OVERLAP, last) if number >= 0]
    draw = random.Random(name)  # noqa: S311 - data, not a secret
    cancelled = "C" if name == "only cancellations" else ""
    lines = []
    for invoice in range(INVOICES):
        customer, item = 13000 + invoice % CUSTOMERS, draw.randrange(ITEMS)
        date = f"2010-{1 + invoice % 12:02}-{1 + invoice % 28:02} 10:00:00"
        quantity = -1 if cancelled else 1 + draw.randrange(5)
        lines.append(
            f"{cancelled}{500000 + invoice},2200{item},ITEM {item},{quantity},{date},1.5,{customer},France\n"
        )
    return lines


def _of_log(number: int) -> str:
    """Write a line of the shop's log of the following year."""
    date = f"2011-{1 + number % 12:02}-{1 + number % 28:02} 10:00:00"
    customer, item = 13000 + number % CUSTOMERS, number % ITEMS
    return f"{600000 + number},2200{item},ITEM {item},1,{date},1.5,{customer},France\n"
