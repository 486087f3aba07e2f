"""Measure fitting, loading and serving as interactions grow, and a model of a million users; with memory.

Interactions are synthetic. The last row's factors are too: it measures loading and serving alone. A fit that
takes longer than `--patience` is given up; its row says so, and continues with synthetic factors.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.common.measuring import Watch
from benchmarks.common.memory import children, proportional, resident
from benchmarks.common.results import write_result
from benchmarks.models.synthetic import SEED, Size, save_synthetic, user_id
from benchmarks.serving import load
from benchmarks.serving.programs import ROOT, serving

Result = dict[str, Any]
GIVEN_UP = "given up"
screen = Console()


@dataclass(frozen=True)
class Row:
    """One size, and how many epochs its fit gets; 0: its factors are random."""

    name: str
    size: Size
    epochs: int


ROWS = (
    Row("1x", Size(5_900, 4_600, 64, 374_000), 20),
    Row("10x", Size(59_000, 10_000, 64, 3_740_000), 4),
    Row("100x", Size(590_000, 20_000, 64, 37_400_000), 1),
    Row("1M x 100k", Size(1_000_000, 100_000, 64, 5_000_000), 0),
)


def measure(row: Row, options: argparse.Namespace) -> Result:
    """Measure one row."""
    screen.print(f"[bold]{row.name}: {row.size}, {row.size.pairs:,} interactions[/bold]")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        found: Result = {"name": row.name, "model": str(row.size), "epochs": row.epochs}
        found["interactions"] = row.size.pairs
        fit = _fit(base, row, options.patience) if row.epochs else {}
        found |= fit
        found["factors_are_synthetic"] = "fit_seconds" not in fit
        if found["factors_are_synthetic"]:
            with screen.status("making factors"):
                save_synthetic(base / "model", row.size)
        found["model_mb"] = round(sum(path.stat().st_size for path in (base / "model").iterdir()) / 1e6, 1)
        found |= _load(base)
        found |= _serve(base, row.size, options)
    return found


def _fit(base: Path, row: Row, patience: float) -> Result:
    size = row.size
    command = [sys.executable, "-m", "benchmarks.models.fit_steps", str(base / "model"), str(row.epochs)]
    command += [str(number) for number in (size.users, size.items, size.factors, size.pairs)]
    with screen.status(f"fitting, {row.epochs} epochs"), _start(command) as process:
        watch = Watch(process.pid)
        try:
            printed, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            printed = GIVEN_UP
        peak = watch.stop()
    if printed == GIVEN_UP:
        screen.print(f"given up after {patience:.0f} s, {peak:,.0f} MB")
        return {"fit_given_up_after_seconds": patience, "fit_peak_mb": round(peak, 1)}
    if process.returncode:
        raise SystemExit(f"fitting ended with exit code {process.returncode}")
    found: Result = json.loads(printed)
    seconds = found["fit_seconds"]
    screen.print(f"fitted in {seconds:.1f} s, {peak:,.0f} MB")
    return {
        "interactions": found["pairs"],
        "fit_seconds": round(seconds, 2),
        "fit_seconds_per_epoch": round(seconds / row.epochs, 3),
        "fit_peak_mb": round(peak, 1),
        "save_seconds": round(found["save_seconds"], 2),
    }


LOADING = """
import sys, time
from pathlib import Path
from recommender.model.model import load_model
begin = time.perf_counter()
load_model(Path(sys.argv[1]))
sys.stdout.write(str(time.perf_counter() - begin))
"""


def _load(base: Path) -> Result:
    """Time loading, every check included, in a fresh process."""
    with screen.status("loading"), _start([sys.executable, "-c", LOADING, str(base / "model")]) as process:
        printed, _ = process.communicate()
    screen.print(f"loaded in {float(printed):.2f} s")
    return {"load_seconds": round(float(printed), 3)}


def _serve(base: Path, size: Size, options: argparse.Namespace) -> Result:
    asking = random.Random(SEED).sample(range(size.users), min(size.users, 5_000))  # noqa: S311 - no secret
    bodies = [json.dumps({"user_id": user_id(user, size.users), "top_n": "10"}) for user in asking]
    requests = [load.post("/invocations", body.encode()) for body in bodies]
    begin = time.perf_counter()
    # Without memory and preparation, a server's work depends on the size of the model alone.
    unprepared = {"RECOMMENDER_CACHE_MB": "0", "RECOMMENDER_READY_MB": "0"}
    with serving(base, options.workers, **unprepared) as (port, process):
        ready = time.perf_counter() - begin
        with screen.status("serving"):
            done = load.run(port, requests, seconds=options.seconds, connections=options.connections)
        everybody = [process.pid, *children(process.pid)]
        found = {
            "start_seconds": round(ready, 2),
            "requests_per_second": round(done.requests_per_second, 1),
            "p50_ms": round(done.percentile(50), 3),
            "p99_ms": round(done.percentile(99), 3),
            "workers": len(everybody) - 1,
            # Resident counts shared pages in every process, proportional (PSS) once in all.
            "resident_mb_sum": round(sum(map(resident, everybody)) / 1e6, 1),
            "proportional_mb_sum": round(sum(map(proportional, everybody)) / 1e6, 1),
            "resident_mb_largest": round(max(map(resident, everybody)) / 1e6, 1),
        }
    screen.print(f"served {found['requests_per_second']:,.0f} requests/s")
    return found


def _start(command: list[str]) -> "subprocess.Popen[str]":
    paths = os.pathsep.join([str(ROOT), str(ROOT / "algorithm")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def table(results: list[Result]) -> Table:
    """Show a line for each size."""
    made = Table(title="Scale")
    headings = (
        "size",
        "interactions",
        "epochs",
        "fit",
        "fit peak",
        "model",
        "load",
        "requests/s",
        "p99",
        "RSS sum",
        "PSS sum",
    )
    for heading in headings:
        made.add_column(heading, justify="left" if heading == "size" else "right")
    for found in results:
        made.add_row(
            found["name"],
            f"{found['interactions']:,}",
            str(found["epochs"]) if found["epochs"] else "none",
            f"{found['fit_seconds']:.1f} s" if "fit_seconds" in found else "-",
            f"{found['fit_peak_mb']:,.0f} MB" if "fit_peak_mb" in found else "-",
            f"{found['model_mb']:,.0f} MB",
            f"{found['load_seconds']:.2f} s",
            f"{found['requests_per_second']:,.0f}",
            f"{found['p99_ms']:.1f} ms",
            f"{found['resident_mb_sum']:,.0f} MB",
            f"{found['proportional_mb_sum']:,.0f} MB",
        )
    return made


def main(arguments: list[str] | None = None) -> None:
    """Measure every row, print a table, and write the numbers as JSON."""
    options = _options().parse_args(arguments)
    results = [measure(row, options) for row in _rows(options)]
    screen.print(table(results))
    write_result({"rows": results}, options.out, screen)


def _rows(options: argparse.Namespace) -> list[Row]:
    if not options.sizes:
        return [row for row in ROWS if not options.only or row.name in options.only]
    given = [list(map(int, text.split(","))) for text in options.sizes]
    return [
        Row(text, Size(*numbers[:4]), numbers[4]) for text, numbers in zip(options.sizes, given, strict=True)
    ]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/scale.json")
    parser.add_argument("--patience", type=float, default=240.0, help="seconds that a fit may take")
    parser.add_argument("--seconds", type=float, default=3.0, help="of serving")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="names of rows")
    parser.add_argument("--sizes", nargs="*", help="users,items,factors,pairs,epochs")
    return parser


if __name__ == "__main__":
    main()
