"""Writes the similar items of each item, a line per item."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrow import pc
from prepare_dataset.write.json_lines import join, json_numbers, json_strings, open_gzip, pick, write_texts
from prepare_dataset.write.purchased import Purchased
from prepare_dataset.write.similarity import similar_items


def write_similar(rows: Interactions, bought: Purchased, path: Path) -> None:
    """Write each item's neighbours, the nearest first; an item without any has no line."""
    found = similar_items(bought)
    formatted = json_strings(rows.item.values)
    items, starts = np.unique(found.item, return_index=True)
    pairs = join(
        "[",
        pick(formatted, found.neighbour.astype(np.int32)),
        ",",
        json_numbers(np.round(found.score, 4)),
        "]",
    )
    lists = pa.ListArray.from_arrays(pa.array(np.append(starts, len(found.item)), pa.int32()), pairs)
    with open_gzip(path) as file:
        names = pick(formatted, items.astype(np.int32))
        write_texts(file, join('{"item_id":', names, ',"similar":[', pc.binary_join(lists, ","), "]}\n"))
