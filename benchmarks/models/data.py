"""The rows that recommenders are compared on: a transaction file, prepared and parted by time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from recommender.data.interactions import Interactions, align, select
from recommender.evaluate.measures import Truth
from recommender.evaluate.scorers import ones
from recommender.fitting.fitted import History
from recommender.fitting.histories import build_history
from retailrec_shared.core import names

CUTOFF = np.datetime64("2011-09-01", "s")  # of Online Retail II
LEAST_SHARE = 0.05  # of the rows on either side of it
NEWEST_SHARE = 0.2  # held out of any other file


@dataclass(frozen=True)
class Contest:
    """``users`` (n,) are known to ``training``; ``new`` is what of it they took later for the first time.

    ``everything`` are all items that ``buyers`` took later, repeats too. Items that training never saw are in
    neither: nobody can recommend them.
    """

    training: Interactions
    history: History
    users: npt.NDArray[np.int32]
    new: Truth
    buyers: npt.NDArray[np.int32]
    everything: Truth
    cutoff: str


def prepare(source: Path, folder: Path, cutoff: str | None) -> Contest:
    """Clean a file as the pipeline does (``retail``), and hold out the rows from the cut-off on."""
    prepare_file(source, folder, Options(profile="retail", split="temporal", top_n=10))
    rows = _read(folder)
    assert rows.times is not None  # noqa: S101 - prepare_file refuses rows without a time
    cut = _cut(rows.times, cutoff)
    later = rows.times >= cut
    if later.all() or not later.any():
        raise SystemExit(f"No row is on one side of the cut-off {np.datetime64(int(cut), 's')}.")
    training = select(rows, ~later)
    history = build_history(training)
    held_out = align(select(rows, later), training)
    everything = Truth(held_out.truth, np.zeros(len(held_out.users), dtype=np.int64))
    new = everything.without(ones(history.counts[held_out.users]))
    some_new, some = np.flatnonzero(new.sizes), np.flatnonzero(everything.sizes)
    return Contest(
        training,
        history,
        held_out.users[some_new],
        new.at(some_new),
        held_out.users[some],
        everything.at(some),
        str(np.datetime64(int(cut), "s")),
    )


def _read(folder: Path) -> Interactions:
    parts = [
        pq.read_table(folder / path, columns=["user_id", "item_id", "timestamp"])
        for path in (names.TRAIN_PARQUET, names.TEST_PARQUET)
    ]
    table = pa.concat_tables(parts)
    users, user_codes = np.unique(table["user_id"].to_numpy().astype(str), return_inverse=True)
    items, item_codes = np.unique(table["item_id"].to_numpy().astype(str), return_inverse=True)
    times = table["timestamp"].to_numpy().astype("datetime64[s]").astype(np.float64)
    codes = user_codes.astype(np.int32), item_codes.astype(np.int32)
    return Interactions(users.tolist(), items.tolist(), *codes, times)


def _cut(times: npt.NDArray[np.float64], cutoff: str | None) -> float:
    """Return the time asked for; else Online Retail II's, if it parts the rows; else the newest fifth's."""
    if cutoff:
        return float(np.datetime64(cutoff, "s").astype(np.int64))
    usual = float(CUTOFF.astype(np.int64))
    if LEAST_SHARE <= float((times >= usual).mean()) <= 1 - LEAST_SHARE:
        return usual
    return float(np.quantile(times, 1 - NEWEST_SHARE))
