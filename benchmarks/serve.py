"""Measure serving against its own /ping and against the usual Flask container, in turn, in one run.

`make bench-serve` sets up both environments. Requests are those of the contract, of customers in random
order. Throughput is that of a closed loop over so many lasting connections; latency is that of an open loop
at 80 % of it, counted from when a request was due. Medians of the turns. The processor time of a
served request is comparable on a machine with other load, which a throughput is not.

`invocations` is the server as it is shipped, after every customer has asked; `uncached` is the same without
its memory of answers, as if everybody asked for the first time; `computed` also prepares nothing at start.
"""

import argparse
import contextlib
import json
import random
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.common.memory import children, cpu_seconds
from benchmarks.common.results import write_result
from benchmarks.models.synthetic import SEED, Size, save_synthetic, user_id
from benchmarks.serving import load
from benchmarks.serving.programs import ROOT, flask_container, serving

SIZES = (
    Size(5_900, 4_600, 64, 374_000),
    Size(5_900, 4_600, 100, 374_000),
    Size(100_000, 100_000, 64, 6_000_000),
)
OPEN_LOAD = 0.8
MANY = 20_000
Result = dict[str, Any]
Server = tuple[int, subprocess.Popen[bytes]]
screen = Console()


def compare(size: Size, options: argparse.Namespace) -> Result:
    """Measure one size of model."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        base = Path(name)
        with screen.status(f"making a model of {size}"):
            save_synthetic(base / "model", size)
        ours = stack.enter_context(serving(base, options.workers))
        uncached = stack.enter_context(serving(base, options.workers, RECOMMENDER_CACHE_MB="0"))
        computed = stack.enter_context(
            serving(base, options.workers, RECOMMENDER_CACHE_MB="0", RECOMMENDER_READY_MB="0")
        )
        flask = stack.enter_context(flask_container(base, options.workers))
        requests = _requests(size.users)
        targets = {
            "ping": (ours, [load.get("/ping")]),
            "invocations": (ours, requests),
            "uncached": (uncached, requests),
            "computed": (computed, requests),
            "flask": (flask, requests),
        }
        _agree(ours[0], flask[0], requests[0])
        with screen.status("letting every customer ask"):
            # Several times over, since each worker remembers for itself.
            load.run(
                ours[0], requests, connections=options.connections, count=2 * options.workers * len(requests)
            )
        turns = [_turn(turn, targets, options) for turn in range(1, options.turns + 1)]
    found = {
        name: {key: _median(turn[name][key] for turn in turns) for key in turns[0][name]} for name in targets
    }
    return {
        "model": str(size),
        "customers_asking": len(requests),
        **found,
        "invocations_to_ping": _ratio(turns, "requests_per_second", "invocations", "ping"),
        "uncached_to_ping": _ratio(turns, "requests_per_second", "uncached", "ping"),
        "computed_to_ping": _ratio(turns, "requests_per_second", "computed", "ping"),
        "times_flask": _ratio(turns, "requests_per_second", "invocations", "flask"),
        "uncached_times_flask": _ratio(turns, "requests_per_second", "uncached", "flask"),
        "computed_times_flask": _ratio(turns, "requests_per_second", "computed", "flask"),
        "invocations_cpu_to_ping_cpu": _ratio(turns, "cpu_us_per_request", "invocations", "ping"),
        "p99_to_ping": _ratio(turns, "p99_ms", "invocations", "ping"),
    }


def _turn(turn: int, targets: dict[str, tuple[Server, list[bytes]]], options: argparse.Namespace) -> Result:
    found = {}
    for name, ((port, process), requests) in targets.items():
        with screen.status(f"turn {turn}: {name}"):
            before = _cpu(process)
            closed = load.run(port, requests, seconds=options.seconds, connections=options.connections)
            spent = _cpu(process) - before
            rate = OPEN_LOAD * closed.requests_per_second
            even = load.run(
                port, requests, seconds=options.seconds, connections=4 * options.connections, rate=rate
            )
        found[name] = {
            "requests_per_second": round(closed.requests_per_second, 1),
            "p50_ms": round(even.percentile(50), 3),
            "p99_ms": round(even.percentile(99), 3),
            "offered_per_second": round(rate, 1),
            "p50_ms_closed": round(closed.percentile(50), 3),
            "p99_ms_closed": round(closed.percentile(99), 3),
            "cpu_us_per_request": round(1e6 * spent / len(closed.latencies), 1),
            "generator_cpu": round(closed.cpu_share, 2),
        }
        screen.print(f"turn {turn}: {name}: {closed.requests_per_second:,.0f} requests/s")
    return found


def _cpu(process: subprocess.Popen[bytes]) -> float:
    return sum(map(cpu_seconds, [process.pid, *children(process.pid)]))


def _requests(users: int) -> list[bytes]:
    """Requests of every customer, or of some if they are many, in random order."""
    asking = users if users < MANY else MANY // 10
    chosen = random.Random(SEED).sample(range(users), asking)  # noqa: S311 - no secret
    bodies = (json.dumps({"user_id": user_id(user, users), "top_n": "10"}).encode() for user in chosen)
    return [load.post("/invocations", body) for body in bodies]


def _agree(ours: int, theirs: int, request: bytes) -> None:
    """Both must recommend the same items, or they are not doing the same work."""
    lists = [[entry["item_id"] for entry in json.loads(load.ask(port, request))] for port in (ours, theirs)]
    if lists[0] != lists[1] or len(lists[0]) != 10:
        raise SystemExit(f"The two servers do not answer alike: {lists}")


def _ratio(turns: list[Result], key: str, one: str, other: str) -> float:
    """Median of the turns' own ratios: what else the machine does weighs on both alike."""
    ratios: list[float] = [turn[one][key] / turn[other][key] for turn in turns]
    return round(median(ratios), 3)


def _median(values: Iterable[float]) -> float:
    return round(median(values), 3)


def table(results: list[Result]) -> Table:
    """Show every size, a line for each that was asked."""
    made = Table(title="Serving: throughput, and latency at 80 % of it (medians)")
    for heading in ("model", "asked", "requests/s", "CPU", "p50", "p99"):
        made.add_column(heading, justify="left" if heading in ("model", "asked") else "right")
    for result in results:
        for name in ("ping", "invocations", "uncached", "computed", "flask"):
            found = result[name]
            made.add_row(
                result["model"],
                name,
                f"{found['requests_per_second']:,.0f}",
                f"{found['cpu_us_per_request']:.0f} us",
                f"{found['p50_ms']:.2f} ms",
                f"{found['p99_ms']:.2f} ms",
            )
        made.add_row(
            "",
            f"invocations / ping {result['invocations_to_ping']:.2f} (target 0.6), / flask"
            f" {result['times_flask']:.1f} (target 5), p99 / ping's {result['p99_to_ping']:.1f} (target < 3)",
            end_section=True,
        )
    return made


def main(arguments: list[str] | None = None) -> None:
    """Measure everything, print a table, and write the numbers as JSON; the first size's stand at the top."""
    options = _options().parse_args(arguments)
    sizes = [Size(*map(int, text.split(","))) for text in options.sizes] if options.sizes else SIZES
    results = []
    for size in sizes:
        screen.print(f"[bold]{size}[/bold]")
        results.append(compare(size, options))
    result = {**results[0], "workers": options.workers, "connections": options.connections, "sizes": results}
    screen.print(table(results))
    write_result(result, options.out, screen)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/serve.json")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sizes", nargs="*", help="users,items,factors,pairs")
    return parser


if __name__ == "__main__":
    main()
