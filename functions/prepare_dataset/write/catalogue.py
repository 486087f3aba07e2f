"""Writes the item catalogue: the description of each item, and how much it was bought."""

from pathlib import Path

import numpy as np

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrays import MISSING, Codes, Ints, first_n_of_each
from prepare_dataset.write.json_lines import join, json_numbers, json_strings, open_gzip, pick, write_texts


def write_catalogue(rows: Interactions, customers: Ints, path: Path) -> None:
    """Write a line per item that was bought, by id; an item without a description has an empty one.

    ``customers`` (m,) says how many customers bought each item, by item code.
    """
    items = np.flatnonzero(customers).astype(np.int32)
    quantities = np.bincount(rows.item.codes, np.nan_to_num(rows.quantity), len(customers))
    lines = join(
        '{"item_id":',
        pick(json_strings(rows.item.values), items),
        ',"description":',
        pick(json_strings(rows.description.values), most_frequent_descriptions(rows)[items], missing='""'),
        ',"customers":',
        json_numbers(customers[items]),
        ',"quantity":',
        json_numbers(quantities[items]),
        "}\n",
    )
    with open_gzip(path) as file:
        write_texts(file, lines)


def most_frequent_descriptions(rows: Interactions) -> Codes:
    """Return the code of each item's most frequent description (m,); equals are decided by the alphabet."""
    described = rows.description.codes != MISSING
    descriptions = np.int64(len(rows.description.values))
    pairs = rows.item.codes[described] * descriptions + rows.description.codes[described]
    pairs, counts = np.unique(pairs, return_counts=True)
    items = pairs // max(descriptions, 1)
    order = np.lexsort((pairs, -counts, items))
    best = order[first_n_of_each(items[order], 1)]
    found = np.full(len(rows.item.values), MISSING, dtype=np.int32)
    found[items[best]] = pairs[best] % max(descriptions, 1)
    return found
