"""The published tutorial's split of the real file, measured as the algorithm's README.md says."""

import csv
import json
from pathlib import Path

import fastexcel
import pyarrow as pa
import pytest
from sklearn.model_selection import train_test_split

from recommender.folders import Folders
from recommender.train.program import train
from tests.needs import REAL_DATA, with_real_data

pytestmark = [pytest.mark.slow, with_real_data]


def interactions() -> list[tuple[str, str]]:
    """Rows with a customer, in the order of the file."""
    reader = fastexcel.read_excel(str(REAL_DATA))
    rows: list[tuple[str, str]] = []
    for name in reader.sheet_names:
        sheet = reader.load_sheet(name, dtypes={"StockCode": "string", "Customer ID": "float"})
        table = pa.record_batch(sheet.to_arrow()).to_pydict()
        pairs = zip(table["Customer ID"], table["StockCode"], strict=True)
        rows += [(str(int(customer)), item) for customer, item in pairs if customer is not None]
    return rows


def test_the_tutorials_split_gives_the_documented_figures(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    rows = interactions()
    assert len(rows) == 824_364
    parts = train_test_split(rows, train_size=0.7, random_state=41)
    for channel, part in zip(("training", "testing"), parts, strict=True):
        folders.channel(channel).mkdir(parents=True)
        with (folders.channel(channel) / "interactions.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("user_id", "item_id"), *part])
    # The contract's algorithm, and its lists without the recency term.
    chosen = {"algorithm": "implicit-bpr", "marketplace_twin": "true", "refit": "false"}
    folders.configuration.mkdir(parents=True)
    (folders.configuration / "hyperparameters.json").write_text(json.dumps(chosen))
    metrics = train(folders)
    assert (metrics["users_evaluated"], metrics["users_unknown"]) == (5696, 57)
    # Baselines are exact; the fit varies a little with its threads.
    assert metrics["p@k(10)_popularity"] == pytest.approx(0.0889, abs=0.0001)
    assert metrics["p@k(10)_own_items"] == pytest.approx(0.2258, abs=0.0001)
    assert 0.175 < metrics["p@k(10)"] < 0.21
    assert 0.09 < metrics["p@k(10)_new_items"] < 0.12
    assert 0.40 < metrics["p@k(10)_in_sample"] < 0.60
