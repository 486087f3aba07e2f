"""Measure batch jobs against `implicit.recommend` in bulk, in turn, in one run.

Ours is the whole way of a job's records: the local SageMaker's transform cuts the file, sends it to the
serving program over HTTP and writes the CSV. Theirs is the bare call: arrays in, arrays out, no ids, no text.
Neither counts loading the model. Both leave out what a customer bought.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from implicit.cpu.bpr import BayesianPersonalizedRanking
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix

from benchmarks.common.results import write_result
from benchmarks.models.synthetic import Size, save_synthetic
from benchmarks.serving.programs import ROOT, serving
from local.sagemaker.programs.http_client import HttpClient
from local.sagemaker.transform.run import send_all
from recommender.model.model import Model, load_model
from recommender.threads import blas_threads

SIZES = (Size(5_900, 4_600, 64, 374_000), Size(100_000, 4_600, 64, 6_300_000))
TOP_N = 10
MOST_SINGLE = 5_900  # customers asked for one by one: that rate does not depend on their number
REQUEST = {
    "TransformInput": {"ContentType": "application/json", "SplitType": "Line"},
    "TransformOutput": {"Accept": "text/csv", "AssembleWith": "Line"},
}
Result = dict[str, Any]
screen = Console()


def compare(size: Size, options: argparse.Namespace) -> Result:
    """Measure one size of model."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        with screen.status(f"making a model of {size}"):
            save_synthetic(base / "model", size)
        model = load_model(base / "model")
        given, some = base / "all.jsonl", base / "some.jsonl"
        lines = [json.dumps({"user_id": user, "top_n": str(TOP_N)}) + "\n" for user in model.user_ids]
        given.write_text("".join(lines))
        some.write_text("".join(lines[:MOST_SINGLE]))
        bulk = Bulk(model)
        with serving(base, options.workers) as (port, _):
            turns = [
                {
                    "multi": _job(port, given, base / "multi.csv", "MultiRecord", options.workers),
                    "single": _job(port, some, base / "single.csv", "SingleRecord", options.workers),
                    "bare": bulk.run(options.workers),
                }
                for _ in range(options.turns)
            ]
        _agree(base, bulk, model)
    rates = {name: round(median(turn[name] for turn in turns), 1) for name in turns[0]}
    return {
        "model": str(size),
        "users": size.users,
        "multi_record_users_per_second": rates["multi"],
        "single_record_users_per_second": rates["single"],
        "bare_users_per_second": rates["bare"],
        "multi_record_to_bare": round(median(turn["multi"] / turn["bare"] for turn in turns), 3),
    }


def _job(port: int, given: Path, made: Path, strategy: str, workers: int) -> float:
    """Run a transform's records through the server; gives customers a second."""
    parameters = {"BatchStrategy": strategy, "MaxPayloadInMB": 1, "MaxConcurrentTransforms": workers}
    headers = {"content-type": "application/json", "accept": "text/csv"}

    async def go() -> None:
        client, url = HttpClient(), f"http://127.0.0.1:{port}/invocations"

        async def send(body: bytes) -> bytes:
            reply = await client.request("POST", url, headers, body, 600)
            if reply.status != 200:
                raise SystemExit(f"the server answered {reply.status}: {reply.body[:200]!r}")
            return reply.body

        await send_all(REQUEST, parameters, given, made, send)
        await client.close()

    with given.open("rb") as file:
        users = sum(1 for _ in file)
    with screen.status(f"{strategy}: {users:,} customers"):
        begin = time.perf_counter()
        asyncio.run(go())
        rate = users / (time.perf_counter() - begin)
    screen.print(f"{strategy}: {rate:,.0f} customers/s")
    return rate


class Bulk:
    """implicit's own model with our factors."""

    def __init__(self, model: Model) -> None:
        assert model.user_factors is not None  # noqa: S101 - synthetic models have them
        purchased = model.purchased
        self._purchases = csr_matrix(
            (purchased.values, purchased.indices, purchased.indptr),
            shape=(len(model.user_ids), len(model.item_ids)),
        )
        self._model = BayesianPersonalizedRanking(factors=model.user_factors.shape[1] - 1)
        self._model.user_factors = np.array(model.user_factors)
        self._model.item_factors = np.array(model.item_factors)
        self.items: Any = None

    def run(self, threads: int) -> float:
        """Recommend to every user in one call; gives users a second."""
        self._model.num_threads = threads
        users = np.arange(self._purchases.shape[0])
        with screen.status("bare implicit"), blas_threads(1):  # implicit's own threads share out the users
            begin = time.perf_counter()
            self.items, _ = self._model.recommend(users, self._purchases, N=TOP_N)
            rate = len(users) / (time.perf_counter() - begin)
        screen.print(f"bare implicit: {rate:,.0f} users/s")
        return rate


def _agree(base: Path, bulk: Bulk, model: Model) -> None:
    """Check that all ways name the same items, except where rounding changes the order of near ties."""
    multi = (base / "multi.csv").read_text().splitlines()
    single = (base / "single.csv").read_text().splitlines()
    users = len(model.user_ids)
    if len(multi) != users * TOP_N or (single != multi[: len(single)] and _differing(single, multi) > 0.001):
        raise SystemExit("The two strategies do not give the same output.")
    theirs = [
        f"{user},{model.item_ids[item]}"
        for user, row in zip(model.user_ids, bulk.items, strict=True)
        for item in row.tolist()
    ]
    if _differing(theirs, multi) > 0.001:
        raise SystemExit("We and implicit do not recommend the same items.")


def _differing(some: list[str], others: list[str]) -> float:
    def pairs(lines: list[str]) -> list[str]:
        return [",".join(line.split(",")[:2]) for line in lines]

    return float(np.mean([one != other for one, other in zip(pairs(some), pairs(others), strict=False)]))


def table(results: list[Result]) -> Table:
    """Show a line for each size."""
    made = Table(title="Batch: customers a second (medians)")
    for heading in (
        "model",
        "MultiRecord",
        "SingleRecord",
        "bare implicit",
        "MultiRecord / bare (target 0.5)",
    ):
        made.add_column(heading, justify="left" if heading == "model" else "right")
    for result in results:
        made.add_row(
            result["model"],
            f"{result['multi_record_users_per_second']:,.0f}",
            f"{result['single_record_users_per_second']:,.0f}",
            f"{result['bare_users_per_second']:,.0f}",
            f"{result['multi_record_to_bare']:.2f}",
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
    screen.print(table(results))
    result = {**results[0], "workers": options.workers, "top_n": TOP_N, "sizes": results}
    write_result(result, options.out, screen)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/batch.json")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sizes", nargs="*", help="users,items,factors,pairs")
    return parser


if __name__ == "__main__":
    main()
