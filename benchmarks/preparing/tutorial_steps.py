"""The published tutorial's way from a transaction file to its two csv files.

Steps and arguments are those of AWS's example notebook for the Marketplace algorithm "Implicit BPR"
(aws/amazon-sagemaker-examples, aws_marketplace/using_algorithms/implicit_bpr), without what it displays.
It runs in an environment of its own: nothing else here needs pandas.
"""

import json
import sys
from pathlib import Path
from time import perf_counter

import pandas as pd  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split

_NAMES = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "CustomerID", "Country"]


def read(source: Path) -> pd.DataFrame:
    """Read all sheets with openpyxl, or a csv."""
    if source.suffix != ".xlsx":
        return pd.read_csv(source, names=_NAMES, header=0, low_memory=False)
    sheets = pd.read_excel(source, sheet_name=None, engine="openpyxl", names=_NAMES)
    return pd.concat(sheets, axis=0, ignore_index=True)


def prepare(source: Path, target: Path) -> dict[str, int]:
    """Drop rows without a customer, rename, split, and write two columns twice."""
    rows = read(source)
    read_rows = len(rows)
    rows = rows.loc[rows.CustomerID.notna()].copy()
    rows["CustomerID"] = rows.CustomerID.astype(int)
    pairs = rows[["CustomerID", "StockCode"]].rename(
        columns={"CustomerID": "user_id", "StockCode": "item_id"}
    )
    train, test = train_test_split(pairs, train_size=0.7, test_size=0.3, random_state=41)
    train.to_csv(target / "train.csv", index=False)
    test.to_csv(target / "test.csv", index=False)
    return {"rows": read_rows, "train_rows": len(train), "test_rows": len(test)}


if __name__ == "__main__":
    begin = perf_counter()
    counts = prepare(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(json.dumps({"steps_seconds": perf_counter() - begin, **counts}))
