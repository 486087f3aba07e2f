"""Preparing a file as the pipeline does, with everything that a run starts from, timed."""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options


def main(source: str, target: str, profile: Any, split: Any) -> None:
    """Prepare a file; print what it took as JSON."""
    begin = perf_counter()
    report = prepare_file(Path(source), Path(target), Options(profile=profile, split=split, top_n=10))
    counts = {"rows": report.rows_read, "train_rows": report.train_rows, "test_rows": report.test_rows}
    sys.stdout.write(json.dumps({"steps_seconds": perf_counter() - begin, **counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
