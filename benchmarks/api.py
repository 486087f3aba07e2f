"""Measure the API's function: what it adds to its endpoint call, its cold import, and each source's latency.

The handler is called in this process. Behind it, a runtime client that is a stub calls the real serving
program over loopback, with a model that the real training program made of a generated shop; what the serving
table would hold is in memory, as JSON texts. So the overhead is the function's own code: DynamoDB's time is
not in it, and how many reads a request makes is reported, too. `make bench-api`.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.common.inputs import ROOT
from benchmarks.common.results import write_result
from benchmarks.serving.cold_start import cold_imports
from benchmarks.serving.shop import Shop, make_shop, serving_program
from benchmarks.serving.stand_ins import Context, request, stand_in

screen = Console(file=sys.stdout)  # this one, also while the handler's metrics go nowhere
WARM_UP = 50


def measure(shop: Shop, calls: int) -> dict[str, Any]:
    """Measure the overhead over the endpoint call, then each source with the ones before it disabled."""
    from recommend_api import table as serving_table
    from recommend_api.app import handler

    runtime, table = stand_in(shop)
    known = shop.customers
    result: dict[str, Any] = {}

    def timed(
        what: str, customers: Sequence[str], source: str, times: int
    ) -> tuple[list[float], list[float]]:
        whole, own = [], []
        asked = [customers[n % len(customers)] for n in range(times + WARM_UP)]
        for n, customer in enumerate(track(asked, what, console=screen, transient=True)):
            before = runtime.seconds
            begin = perf_counter()
            answer = handler(request(customer), Context())
            taken = perf_counter() - begin
            body = json.loads(answer["body"])
            if answer["statusCode"] != 200 or body["source"] != source or len(body["recommendations"]) != 10:
                raise SystemExit(f"{what}: not the answer that is to be measured: {answer['body'][:300]}")
            if n >= WARM_UP:
                whole.append(taken)
                own.append(taken - (runtime.seconds - before))
        return whole, own

    processor = process_time()
    whole, own = timed("endpoint", known, "endpoint", calls)
    result["api_overhead_ms_p50"] = _ms(own, 0.5)
    result["api_overhead_ms_p99"] = _ms(own, 0.99)
    result["api_cpu_ms_mean"] = round((process_time() - processor) / (calls + WARM_UP) * 1e3, 3)
    result["table_reads_per_request"] = round(table.reads / (calls + WARM_UP), 2)
    sources = {"endpoint": _both(whole)}
    runtime.broken = True
    sources["batch"] = _both(timed("batch", known, "batch", calls)[0])
    table.without_batch = True
    serving_table.clear_cache()
    sources["similar"] = _both(timed("similar", known, "similar", calls)[0])
    table.without_similar = True
    serving_table.clear_cache()
    # Of a small country some customers bought all that is popular there.
    home = [each for each in known if _source(handler(request(each), Context())) == "popular_in_country"]
    sources["popular_in_country"] = _both(timed("popular_in_country", home, "popular_in_country", calls)[0])
    sources["popular"] = _both(timed("popular", ["nobody"], "popular", calls)[0])
    return result | {"sources": sources}


def _source(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["source"])


def _ms(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e3, 3)


def _both(seconds: Sequence[float]) -> dict[str, float]:
    return {"p50_ms": _ms(seconds, 0.5), "p99_ms": _ms(seconds, 0.99)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything, print a table, and write the numbers as JSON."""
    options = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        with screen.status("generating, preparing and training a shop"):
            shop = make_shop(Path(name), options.rows)
        with serving_program(shop), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            measured = measure(shop, options.calls)
    imports = list(track(cold_imports(options.imports), "cold import", options.imports, console=screen))
    result = {
        **measured,
        "cold_import_ms": round(median(each.wall_ms for each in imports), 1),
        "cold_import_cpu_ms": round(median(each.cpu_ms for each in imports), 1),
        "interpreter_ms": round(median(each.interpreter_ms for each in imports), 1),
        "calls": options.calls,
        "customers": len(shop.customers),
        "items": shop.item_count,
    }
    _show(result)
    write_result(result, options.out, screen)


def _show(result: dict[str, Any]) -> None:
    table = Table(title="The API's function")
    for heading in ("what", "p50", "p99"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    overhead: Callable[[str], str] = lambda share: f"{result[f'api_overhead_ms_{share}']:.2f} ms"  # noqa: E731
    table.add_row("overhead over the endpoint call", overhead("p50"), overhead("p99"))
    for source, found in result["sources"].items():
        table.add_row(f"answered by {source}", f"{found['p50_ms']:.2f} ms", f"{found['p99_ms']:.2f} ms")
    cold = f"{result['cold_import_ms']:.0f} ms"
    table.add_row(f"cold import ({result['cold_import_cpu_ms']:.0f} ms of processor)", cold, "")
    screen.print(table)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/api.json")
    parser.add_argument("--rows", type=int, default=100_000, help="of the generated shop's file")
    parser.add_argument("--calls", type=int, default=500, help="measured requests of each source")
    parser.add_argument("--imports", type=int, default=10)
    return parser


if __name__ == "__main__":
    main()
