"""The training program: ``python -m recommender.train``, or ``train`` in the image."""

import logging
import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recommender.access import check_writable, exists
from recommender.data.channels import read_channel
from recommender.data.interactions import Interactions
from recommender.errors import UserError
from recommender.folders import Folders
from recommender.hyperparameters import Hyperparameters, read_hyperparameters
from recommender.model.model import build_model, save_model
from recommender.threads import usable_cpus
from recommender.train.checkpoints import Checkpoints, fingerprint
from recommender.train.final_fit import FinalFit, fit_final
from recommender.train.interrupts import Interrupt
from recommender.train.job import check_job, user_error, write_failure
from recommender.train.planning import plan
from recommender.train.stages import Stages

log = logging.getLogger(__name__)


def train(folders: Folders, interrupt: Interrupt | None = None) -> dict[str, Any]:
    """Read the channels, plan, fit, evaluate, fit on all rows, and write the model and metrics.json."""
    chosen = read_hyperparameters(folders.configuration / "hyperparameters.json")
    check_job(folders)
    training, testing = _read(folders, chosen)
    check_writable(folders.model)  # now, as the fits may take hours
    kept = _checkpoints(folders)
    checkpoints = Checkpoints(kept, fingerprint(chosen, (training, testing)) if kept else "")
    stages = Stages(usable_cpus(), checkpoints, interrupt or Interrupt())
    decided = plan(training, chosen, stages)
    final = fit_final(training, testing, decided, stages)
    model = build_model(final.rows, final.history, final.fitted, final.recency_weight)
    save_model(folders.model, model, _description(chosen, final), final.document)
    log.info("the model is saved")
    return final.document


def main() -> int:
    """Run the job; a failure writes its reason to output/failure and returns a non-zero exit code."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s", force=True)
    # Process 1 of a container ignores signals it has no handler for.
    interrupt = Interrupt()
    signal.signal(signal.SIGTERM, interrupt.handle)
    folders = Folders.from_environment()
    try:
        train(folders, interrupt)
    except Exception as error:  # noqa: BLE001 - the process ends here, and must say why
        if sentence := user_error(error):
            log.error("error: %s", sentence)
            write_failure(folders.failure, str(sentence))
            return 1
        traceback.print_exc()
        write_failure(folders.failure, f"{type(error).__name__}: {error}")
        return 2
    return 0


def _read(folders: Folders, chosen: Hyperparameters) -> tuple[Interactions, Interactions | None]:
    twin = chosen.marketplace_twin
    training = read_channel(folders.channel("training"), two_columns=twin)
    log.info(
        "%d training rows %s: %d users, %d items",
        len(training),
        "without times" if training.times is None else "with times",
        *training.shape,
    )
    folder = folders.channel("testing")
    if not exists(folder):
        log.info("no testing channel: nothing is held out")
        return training, None
    testing = read_channel(folder, two_columns=twin)
    log.info("%d held-out rows", len(testing))
    return training, testing


def _checkpoints(folders: Folders) -> Path | None:
    """Return the folder of checkpoints; None without one, and where it cannot be seen."""
    try:
        return folders.checkpoints if exists(folders.checkpoints) else None
    except UserError as error:
        log.warning("warning: %s Training continues without checkpoints.", error)
        return None


def _description(chosen: Hyperparameters, final: FinalFit) -> dict[str, Any]:
    return {
        "algorithm": final.algorithm,
        "rows": len(final.rows),
        "pairs": final.history.counts.nnz,
        "fit_seconds": round(final.seconds, 3),
        "refitted": final.document["refitted"],
        "evaluated_on": final.document["evaluated_on"],
        "hyperparameters": {name: value for name, value in asdict(chosen).items() if value is not None},
    }
