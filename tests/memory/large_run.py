"""Writes the files of a run of many customers, as prepare_dataset and the batch job do."""

import gzip
import json
from pathlib import Path

from retailrec_shared.core import names

ITEMS = 4_000


def write_files(folder: Path, customers: int, each: int) -> None:
    """Write histories of five purchases, and lists of ``each`` items."""
    folder.mkdir()
    _gzip(
        folder,
        names.CATALOGUE_JSONL,
        [{"item_id": f"i{n}", "description": f"THING {n}"} for n in range(ITEMS)],
    )
    _gzip(folder, names.SIMILAR_JSONL, [{"item_id": f"i{n}", "similar": [["i1", 0.5]]} for n in range(ITEMS)])
    popular = {"all": [{"item_id": "i1", "customers": 9}], "by_country": {}}
    _path(folder, names.POPULAR_JSON).write_text(json.dumps(popular))
    one = {
        "timestamp": "2011-01-01T10:00:00",
        "invoice": "536365",
        "item_id": "85123A",
        "quantity": 6,
        "price": 2.55,
    }
    bought = json.dumps(["85123A"] * 5)
    rest = f'"country":"France","purchases_total":5,"purchases":{json.dumps([one] * 5)},"bought":{bought}'
    output = _path(folder, f"{names.BATCH_OUTPUT_PREFIX}/customers.jsonl.out")
    with gzip.open(_path(folder, names.HISTORY_JSONL), "wt", 1) as histories, output.open("w") as scores:
        for number in range(customers):
            customer = f"c{number:08}"
            histories.write(f'{{"customer_id":"{customer}",{rest}}}\n')
            scores.write("".join(f"{customer},i{(number + n) % ITEMS},{1 / (n + 1)}\n" for n in range(each)))


def _gzip(folder: Path, relative: str, lines: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    _path(folder, relative).write_bytes(gzip.compress(text.encode(), 1))


def _path(folder: Path, relative: str) -> Path:
    return folder / relative.replace("/", "-")
