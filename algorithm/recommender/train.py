"""The training program: ``python -m recommender.train``, or ``train`` in the image."""

import logging
import signal
import sys
import time
import traceback
from dataclasses import asdict
from types import FrameType

from recommender.bpr import fit_bpr
from recommender.channels import read_channel
from recommender.errors import UserError
from recommender.evaluation import Metrics, evaluate
from recommender.folders import Folders
from recommender.hyperparameters import read_hyperparameters
from recommender.interactions import HeldOut, Interactions, align, count_matrix
from recommender.job import check_job, write_failure
from recommender.model import build_model, save_model
from recommender.threads import blas_threads, usable_cpus

log = logging.getLogger(__name__)


def train(folders: Folders) -> Metrics:
    """Read the channels, fit, evaluate, and leave the model."""
    chosen = read_hyperparameters(folders.configuration / "hyperparameters.json")
    check_job(folders)
    training = read_channel(folders.channel("training"))
    held_out = _read_held_out(folders, training)
    counts = count_matrix(training)
    log.info(
        "training on %d rows: %d users, %d items, %d pairs",
        len(training.user_codes),
        *counts.shape,
        counts.nnz,
    )
    threads = usable_cpus()
    started = time.monotonic()
    users, items = fit_bpr(counts, chosen, threads)
    seconds = time.monotonic() - started
    log.info("fitted in %.1f seconds on %d threads", seconds, threads)
    with blas_threads(threads):
        metrics = evaluate(users, items, counts, held_out)
    _report(metrics)
    description = {
        "rows": len(training.user_codes),
        "pairs": counts.nnz,
        "fit_seconds": round(seconds, 3),
        "hyperparameters": asdict(chosen),
    }
    save_model(folders.model, build_model(training, counts, users, items), description, metrics)
    return metrics


def main() -> int:
    """Run the job; a failure leaves its reason in output/failure and a non-zero exit code."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s", force=True)
    # Process 1 of a container ignores signals it has no handler for.
    signal.signal(signal.SIGTERM, _stop)
    folders = Folders.from_environment()
    try:
        train(folders)
    except UserError as error:
        log.error("error: %s", error)
        write_failure(folders.failure, str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - the process ends here, and must say why
        traceback.print_exc()
        write_failure(folders.failure, f"{type(error).__name__}: {error}")
        return 2
    return 0


def _read_held_out(folders: Folders, training: Interactions) -> HeldOut | None:
    folder = folders.channel("testing")
    if not folder.is_dir():
        log.info("no testing channel: nothing is held out")
        return None
    held_out = align(read_channel(folder), training)
    if not len(held_out.users):
        log.warning("warning: no user of the testing channel occurs in the training channel")
    return held_out


def _report(metrics: Metrics) -> None:
    for name, value in metrics.items():
        log.info("metric: %s = %s", name, f"{value:.6f}" if isinstance(value, float) else value)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    log.info("stopped before the end, as asked by SIGTERM; no model is left")
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
