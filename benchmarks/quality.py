"""Measure what recommenders find on rows of a later time, and how long they learn, in one run.

`make bench-quality [DATA=file]`; algorithm/README.md says what was found. Every model learns from the same
rows before the cut-off, on the same threads, in turn. What is compiled is compiled before; what is chosen, by
auto and for implicit's tuned BPR, is chosen on the newest fifth of those rows.
"""

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.common.inputs import ROOT
from benchmarks.common.results import write_result
from benchmarks.common.tables import quality_table
from benchmarks.models.algorithm_choice import choose_timed, shortfall, tune_implicit_bpr
from benchmarks.models.data import Contest, prepare
from benchmarks.models.models import Fit, Result, own_recency, run, run_auto, seconds_to, summary
from recommender.errors import UserError
from recommender.fitting.warm import warm
from recommender.hyperparameters import Hyperparameters
from recommender.threads import usable_cpus
from recommender.train.algorithm_choice import Choice
from retailrec.generate import Shape, write

CANDIDATE_OF = {"bpr": "ours_bpr", "als": "implicit_als", "ease": "ease", "popularity": "popularity"}

screen = Console()


def main(arguments: list[str] | None = None) -> None:
    """Measure everything, print a table, and write the numbers as JSON."""
    options = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, what = _source(options, folder)
        with screen.status(f"preparing {what}"):
            contest = prepare(source, folder / "prepared", options.cutoff)
    screen.print(
        f"{what}: fitted on what was before {contest.cutoff}, {contest.training.shape[0]:,} customers and"
        f" {contest.training.shape[1]:,} items; evaluated on what {len(contest.users):,} of them bought again"
    )
    result = measure_all(contest, options.repetitions, options.threads) | {"data": what}
    screen.print(quality_table(result))
    write_result(result, options.out, screen)


def measure_all(contest: Contest, repetitions: int, threads: int) -> dict[str, Any]:
    """Fit every model in turn, as often as asked; the results by name."""
    with screen.status("compiling"):
        warm()
    with screen.status("auto chooses"):
        choice, choosing = choose_timed(contest, threads)
    with screen.status("tuning implicit's BPR"):
        tuned = tune_implicit_bpr(contest, threads)
    models = _models(choice, tuned)
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in models}
    for turn in range(repetitions):
        for name, found in rounds.items():
            with screen.status(f"turn {turn + 1} of {repetitions}: {name}"):
                found.append(_run(contest, models[name].seeded(turn), threads))
            screen.print(f"{name}: {found[-1].get('left_out') or _sentence(found[-1])}")
    results = {name: summary(found) for name, found in rounds.items()}
    results["implicit_bpr_tuned"]["hyperparameters"] = {
        name: value for name, value in asdict(tuned).items() if value is not None
    }
    with screen.status("auto: fitting what was chosen"):
        results["auto"] = run_auto(contest, choice, choosing, threads)
    ours, reference = results["ours_bpr"], results["implicit_bpr"]
    with screen.status("how soon our BPR is as good as implicit's"):
        soon = seconds_to(contest, models["ours_bpr"].chosen, reference["ndcg@20"], threads)
    return results | {
        "own_recency": own_recency(contest),
        "seconds_to_implicit_quality": soon,
        "ndcg_ratio": ours["ndcg@20"] / reference["ndcg@20"],
        "ndcg_ratio_tuned": ours["ndcg@20"] / results["implicit_bpr_tuned"]["ndcg@20"],
        "fit_seconds_ratio": ours["fit_seconds"] / reference["fit_seconds"],
        **shortfall(results, CANDIDATE_OF.values()),
        "cutoff": contest.cutoff,
        "threads": threads,
    }


def _run(contest: Contest, model: Fit, threads: int) -> Result:
    """Fit and judge; what cannot be fitted, as EASE on a large catalogue, is left out with its reason."""
    try:
        return run(contest, model, threads)
    except UserError as error:
        return {"left_out": str(error)}


def _sentence(found: Result) -> str:
    return f"{found['ndcg@20']:.4f} in {found['fit_seconds']:.1f} s"


def _models(choice: Choice, tuned: Hyperparameters) -> dict[str, Fit]:
    """What is compared; auto's candidates have the recency term that it found to suit them."""
    suits = {each.algorithm: each.judgement.recency for each in choice.candidates if each.judgement}
    candidates = {
        name: Fit(Hyperparameters(algorithm), recency=suits.get(algorithm))
        for algorithm, name in CANDIDATE_OF.items()
    }
    return candidates | {
        "ours_bpr_without_times": Fit(Hyperparameters("bpr"), timed=False),
        "implicit_bpr": Fit(Hyperparameters("implicit-bpr")),
        "implicit_bpr_tuned": Fit(tuned),
    }


def _source(options: argparse.Namespace, folder: Path) -> tuple[Path, str]:
    if options.data:
        return options.data, options.data.name
    path = folder / "generated.csv"
    with screen.status("generating a file of the shape of Online Retail II"):
        write(path, Shape.online_retail())
    return path, "a generated file of the shape of Online Retail II"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a transaction file (default: a generated one)")
    parser.add_argument(
        "--cutoff",
        help="first date to hold out (default: 2011-09-01 where that leaves 5 %% of the rows on either side,"
        " else where the newest fifth begins)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench/quality.json")
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    return parser


if __name__ == "__main__":
    main()
