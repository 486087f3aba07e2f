"""The items of a dataset: codes, names, prices, how popular they are and when they are on sale.

Items are in cells, one for each pair of department and theme. A customer who likes a cell likes its items:
this is what a model can learn.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from retailrec.generate.noise import Floats, Ints, Noise, pick
from retailrec.generate.shape import Shape
from retailrec.generate.vocabulary import DEPARTMENTS, NON_PRODUCTS, SIZES, STOCK_NOTES, THEMES

SHARE_LAUNCHED_LATER, SHARE_RETIRED, SHARE_RENAMED = 0.3, 0.25, 0.07
POPULARITY_SPREAD = 1.15  # of the logarithm; gives the real file's long tail
SHARE_SHARING_NUMBER = 0.18  # of an item with its neighbour: their letters differ, 85123A


@dataclass(frozen=True)
class Catalogue:
    """Arrays over items, which are sorted by cell."""

    codes: pa.StringArray  # of items, then of non-products
    names: pa.StringArray  # of items today, of items formerly, of non-products, then notes on stock
    price: Floats
    first_day: Ints
    last_day: Ints
    renamed_day: Ints  # the day it got today's name
    popularity: Floats  # sums to 1
    cells: tuple[int, int]  # departments, themes
    cumulative_in_cell: Floats  # of the item, within its cell, plus the cell's number: ascending throughout


def _cells(items: int) -> tuple[int, int]:
    side = max(2, round((items / 20) ** 0.5))
    return min(side, len(DEPARTMENTS)), min(side, len(THEMES))


def _codes(rng: np.random.Generator, items: int) -> list[str]:
    starts = rng.random(items) >= SHARE_SHARING_NUMBER
    starts[0] = True
    group = np.cumsum(starts) - 1
    numbers = rng.permutation(np.arange(10_000, 100_000))[: group[-1] + 1]
    position = np.arange(items) - np.flatnonzero(starts)[group]
    shared = np.bincount(group)[group] > 1
    return [
        f"{numbers[g]}{chr(ord('A') + p % 26) if several else ''}"
        for g, p, several in zip(group, position, shared, strict=True)
    ]


def _names_in_cell(
    rng: np.random.Generator, department: int, theme: int, items: int
) -> list[tuple[str, str]]:
    """Return today's and former names; no two items share one while the words suffice."""
    ways = list(product(SIZES, THEMES[theme], DEPARTMENTS[department]))
    chosen = (ways[way] for way in np.resize(rng.permutation(len(ways)), items))
    # A former name holds a comma, as some names in real files do.
    return [
        (f"{size} {style} {what}".strip(), f"{what}, {style} {size}".strip()) for size, style, what in chosen
    ]


def _prices(rng: np.random.Generator, items: int) -> Floats:
    """Return prices with the endings of a shop; the median is near two pounds."""
    endings = rng.choice([0.25, 0.45, 0.65, 0.85, 0.95], items)
    prices: Floats = np.round(np.floor(rng.lognormal(0.8, 0.9, items)) + endings, 2)
    return prices


def _names(rng: np.random.Generator, sizes: Ints, themes: int) -> pa.StringArray:
    """Return all names; ``sizes`` are the cells' numbers of items."""
    named = [
        name
        for cell, size in enumerate(sizes.tolist())
        for name in _names_in_cell(rng, *divmod(cell, themes), size)
    ]
    today, former = zip(*named, strict=True)
    others = [special.name for special in NON_PRODUCTS]
    names: pa.StringArray = pa.array([*today, *former, *others, *STOCK_NOTES])
    return names


def _life(rng: np.random.Generator, items: int, days: int) -> tuple[Ints, Ints, Ints]:
    """Return the days on which items come, go (a month later or more) and get today's name."""
    day = rng.integers(0, days, (2, items))
    first = np.where(rng.random(items) < SHARE_LAUNCHED_LATER, day[0], 0)
    last = np.where(rng.random(items) < SHARE_RETIRED, day[1], days)
    renamed = np.where(rng.random(items) < SHARE_RENAMED, rng.integers(0, days // 2, items), 0)
    return first, np.maximum(last, first + 30), renamed


def make_catalogue(shape: Shape, noise: Noise) -> Catalogue:
    """Draw the items of a dataset."""
    rng, items = noise.generator("catalogue"), shape.items
    departments, themes = _cells(items)
    liked = np.outer(rng.uniform(0.5, 1.5, departments), rng.uniform(0.5, 1.5, themes)).ravel()
    each_once = np.arange(len(liked))
    cell = np.sort(np.concatenate([each_once, pick(liked, rng.random(items - len(liked)))]))
    weight = rng.lognormal(0, POPULARITY_SPREAD, items)
    weight /= np.bincount(cell, weight)[cell]
    first, last, renamed = _life(rng, items, shape.days)
    return Catalogue(
        codes=pa.array(_codes(rng, items) + [special.code for special in NON_PRODUCTS]),
        names=_names(rng, np.bincount(cell), themes),
        price=_prices(rng, items),
        first_day=first,
        last_day=last,
        renamed_day=renamed,
        popularity=weight * (liked / liked.sum())[cell],
        cells=(departments, themes),
        cumulative_in_cell=np.cumsum(weight),
    )
