"""Fitting the default algorithm on so many synthetic interactions, and leaving the model; timed."""

import json
import sys
import time
from pathlib import Path

from benchmarks.models.fitting import fit
from benchmarks.models.synthetic import Size, history_of, interactions
from recommender.model.model import build_model, save_model


def main(target: str, epochs: str, *size: str) -> None:
    """Fit and save; print the seconds and counts as JSON."""
    users, items, factors, pairs = map(int, size)
    rows = interactions(Size(users, items, factors, pairs))
    history = history_of(rows)
    begin = time.perf_counter()
    fitted = fit(history, factors, int(epochs))
    fit_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    save_model(Path(target), build_model(rows, history, fitted, 0.0), {"algorithm": "bpr"}, {})
    found = {
        "fit_seconds": fit_seconds,
        "save_seconds": time.perf_counter() - begin,
        "pairs": history.counts.nnz,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
