"""Measure preparing a dataset against the published tutorial's way, in turn, in one run.

`make bench-prepare` sets up both environments; see docs/memory.md for what was found.
"""

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.common.inputs import ROOT, as_csv, generated_csv, workbook
from benchmarks.common.measuring import Measurement, measure
from benchmarks.common.results import write_result
from benchmarks.common.tables import comparison_table, scale_table

TUTORIAL_PYTHON = ROOT / ".venv-bench/bin/python"
OUR_PYTHON = ROOT / ".venv/bin/python"
HERE = Path(__file__).parent
Result = dict[str, Any]
screen = Console()


def compare(source: Path, repetitions: int) -> Result:
    """Measure tutorial, ours, tutorial, ours, …, and then ours as it is by default; report medians."""
    theirs: list[Measurement] = []
    ours: list[Measurement] = []
    for turn in range(1, repetitions + 1):
        theirs += _run(f"{source.name}, turn {turn}: the tutorial's way", source, tutorial=True)
        ours += _run(f"{source.name}, turn {turn}: ours", source, "tutorial", "random")
    default = _run(f"{source.name}: ours, retail and temporal", source, "retail", "temporal")
    _agree(theirs + ours)
    return {
        "rows": ours[0].rows,
        "seed_seconds": _median(theirs, "seconds"),
        "our_seconds": _median(ours, "seconds"),
        "speedup": round(_median(theirs, "seconds") / _median(ours, "seconds"), 2),
        "seed_peak_mb": _median(theirs, "peak_mb"),
        "our_peak_mb": _median(ours, "peak_mb"),
        "seed_steps_seconds": _median(theirs, "steps_seconds"),
        "our_steps_seconds": _median(ours, "steps_seconds"),
        "steps_speedup": round(_median(theirs, "steps_seconds") / _median(ours, "steps_seconds"), 2),
        "our_default_seconds": _median(default, "seconds"),
        "our_default_peak_mb": _median(default, "peak_mb"),
    }


def _run(what: str, source: Path, *options: str, tutorial: bool = False) -> list[Measurement]:
    with screen.status(what):
        if tutorial:
            found = measure(TUTORIAL_PYTHON, HERE / "preparing/tutorial_steps.py", source)
        else:
            found = measure(OUR_PYTHON, HERE / "preparing/our_steps.py", source, *options)
    screen.print(f"{what}: {found.seconds:.2f} s, {found.peak_mb:.0f} MB")
    return [found]


def _agree(measurements: Iterable[Measurement]) -> None:
    counts = {(each.rows, each.train_rows, each.test_rows) for each in measurements}
    if len(counts) != 1:
        raise SystemExit(f"The two ways did not find the same rows: {counts}")


def _median(measurements: Iterable[Measurement], name: str) -> float:
    values: list[float] = [getattr(each, name) for each in measurements]
    return round(median(values), 3)


def scale(sizes: Iterable[int], repetitions: int, folder: Path) -> list[Result]:
    """Measure ours on generated csv files of growing size; ``time_per_row`` is relative to the first."""
    results: list[Result] = []
    for size in sizes:
        with screen.status(f"generating {size:,} rows"):
            source = generated_csv(size, folder)
        found = [
            each for _ in range(repetitions) for each in _run(f"{size:,} rows", source, "retail", "temporal")
        ]
        source.unlink()
        seconds, rows = _median(found, "seconds"), found[0].rows
        first = results[0] if results else {"seconds": seconds, "rows": rows}
        results.append(
            {
                "rows": rows,
                "seconds": seconds,
                "rows_per_second": round(rows / seconds),
                "peak_mb": _median(found, "peak_mb"),
                "time_per_row": round(seconds / rows / (first["seconds"] / first["rows"]), 3),
            }
        )
    return results


def main(arguments: list[str] | None = None) -> None:
    """Measure everything, print tables, and write the numbers as JSON."""
    options = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        xlsx, what = workbook(options.data, folder, screen.print)
        screen.print(f"Measured on {what}.")
        formats = {"xlsx": compare(xlsx, options.repetitions)}
        formats["csv"] = compare(as_csv(xlsx, folder), options.csv_repetitions)
        sizes = [int(millions * 1_000_000) for millions in options.scale]
        result = {
            **{
                key: formats["xlsx"][key] for key in ("seed_seconds", "our_seconds", "speedup", "our_peak_mb")
            },
            "data": what,
            **formats,
            "scale": scale(sizes, options.scale_repetitions, folder),
        }
    screen.print(comparison_table(formats), scale_table(result["scale"]))
    write_result(result, options.out, screen)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a workbook (default: the real one, else a generated one)")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/prepare.json")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--csv-repetitions", type=int, default=5)
    parser.add_argument("--scale", type=float, nargs="*", default=[1, 3, 10], help="millions of rows")
    parser.add_argument("--scale-repetitions", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
