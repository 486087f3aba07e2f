"""Finds items that are bought by the same customers.

The similarity of two items is the cosine of who bought them, times n / (n + 10) for n customers
who bought both: two customers may share a pair by chance, two hundred do not.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prepare_dataset.table.arrays import Floats, Indices, Ints
from prepare_dataset.write.purchased import Purchased

NEIGHBOURS = 50
SHRINKAGE = 10.0
# Work and memory are bounded for every shop: of a customer with a very long history only the newest items
# count, so that the number of pairs is proportional to the number of rows.
PAIRS_PER_PURCHASE = 12
FEWEST_ITEMS = 20
_PAIRS_AT_A_TIME = 100_000  # their counters fit into a processor's cache
_CELLS_PER_PAIR = 6  # with more counters for one pair, sorting the pairs is faster


@dataclass(frozen=True)
class Similar:
    """Each item's neighbours: ``neighbour`` and ``score`` (s,) by ``item`` (s,), best first."""

    item: Ints
    neighbour: Ints
    score: Floats


def similar_items(bought: Purchased, most: int = NEIGHBOURS) -> Similar:
    """Find the ``most`` nearest neighbours of each item; of equally near ones the lower code comes first."""
    counted = bought.newest(_longest_history(bought))
    customers = counted.customers_of_items
    parts = [
        _nearest(item, neighbour, both, customers, most) for item, neighbour, both in _bought_both(counted)
    ]
    empty = np.empty(0, dtype=np.int64)
    columns = zip(*parts, strict=True) if parts else ((empty,), (empty,), (empty.astype(float),))
    return Similar(*(np.concatenate(column) for column in columns))


def _longest_history(bought: Purchased) -> int:
    """Return how many items of a customer count, so that the pairs of all customers are within bounds."""
    lengths = np.sort(np.bincount(bought.customer))
    if not len(lengths):
        return FEWEST_ITEMS
    squares = np.append(0, np.cumsum(lengths * lengths))
    longer = len(lengths) - np.arange(len(lengths))
    pairs = squares[:-1] + longer * lengths * lengths  # if each history were cut to this one's length
    within = lengths[pairs <= PAIRS_PER_PURCHASE * len(bought.item)]
    return max(FEWEST_ITEMS, int(within[-1]) if len(within) else 0)


def _bought_both(bought: Purchased) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield item, other item, and how many customers bought both, for a range of items at a time."""
    lengths = np.bincount(bought.customer)
    starts = np.append(0, np.cumsum(lengths))[bought.customer]
    by_item = np.argsort(bought.item, kind="stable")
    work = np.cumsum(lengths[bought.customer[by_item]])
    ends = np.flatnonzero(np.append(np.diff(bought.item[by_item]), 1)) + 1  # where an item's pairs end
    begin = 0
    while begin < len(by_item):
        done = work[begin - 1] if begin else 0
        fits = ends[np.searchsorted(work[ends - 1], done + _PAIRS_AT_A_TIME, side="right") - 1]
        end = int(max(fits, ends[np.searchsorted(ends, begin, side="right")]))
        some = by_item[begin:end]
        yield _count(bought, some, starts[some], lengths[bought.customer[some]])
        begin = end


def _count(bought: Purchased, pairs: Indices, starts: Ints, lengths: Ints) -> tuple[Ints, Ints, Ints]:
    """Pair each of some items with all items of its customers, and count equal pairs."""
    first = int(bought.item[pairs[0]])
    before = np.cumsum(lengths) - lengths
    others = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    key = np.repeat((bought.item[pairs] - first) * bought.item_count, lengths) + bought.item[others]
    cells = (int(bought.item[pairs[-1]]) - first + 1) * bought.item_count
    if cells <= _CELLS_PER_PAIR * len(key):
        counts = np.bincount(key, minlength=cells)
        found = np.flatnonzero(counts)
        both = counts[found]
    else:
        found, both = np.unique(key, return_counts=True)
    item, other = np.divmod(found, bought.item_count)
    item += first
    different = item != other
    return item[different], other[different], both[different]


def _nearest(item: Ints, other: Ints, both: Ints, customers: Ints, most: int) -> tuple[Ints, Ints, Floats]:
    """Keep each item's nearest; ``item`` is sorted."""
    root = np.sqrt(customers)
    score = both / (root[item] * root[other]) * (both / (both + SHRINKAGE))
    bounds = np.append(np.flatnonzero(np.diff(item, prepend=-1)), len(item))
    best = [
        begin + np.argpartition(-score[begin:end], most)[:most]
        for begin, end in itertools.pairwise(bounds.tolist())
        if end - begin > most
    ]
    few = np.flatnonzero(np.repeat(np.diff(bounds) <= most, np.diff(bounds)))
    kept = np.concatenate([few, *best])
    kept = kept[np.lexsort((other[kept], -score[kept], item[kept]))]
    return item[kept], other[kept], score[kept]
