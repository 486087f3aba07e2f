"""What a search leaves behind: jobs that nobody waits for any more, and the models that were not the best."""

import re
from collections.abc import Iterator
from datetime import datetime

from reconcile_runs.stopping import stop_if_running
from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import ENDED, Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.operators import TUNING_JOB
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.retirement import RETIREMENT_GRACE


def sweep_searches(runs: list[Run], moment: datetime) -> None:
    """Stop and sweep the searches of runs that have ended, some time after that.

    The artifact of the best job stays: it is the run's model, or would be if an operator approved it.
    """
    for run in runs:
        unswept = run.tunes and run.cleanup.swept_attempts < run.attempt(Stage.TRAIN) and run.status in ENDED
        if unswept and moment - datetime.fromisoformat(run.status_at) > RETIREMENT_GRACE:
            _sweep(run)


def _sweep(run: Run) -> None:
    attempts = range(1, run.attempt(Stage.TRAIN) + 1)
    jobs = [names.tuning_job_name(run.run_id, attempt) for attempt in attempts]
    running = [name for name in jobs if stop_if_running(run, TUNING_JOB, name)]
    if running:
        return  # it would leave more
    deleted = 0
    for key in _artifacts(run, jobs):
        aws.s3().delete_object(Bucket=settings().data_bucket, Key=key)
        deleted += 1
    # Only of the run as it was read: an operator may have let it go on.
    if ledger().update(run, run.status, swept=run.attempt(Stage.TRAIN)):
        logger.info("search swept", run_id=run.run_id, objects=deleted)


def _artifacts(run: Run, jobs: list[str]) -> Iterator[str]:
    """List what the training jobs of these searches left, but for the best one's; a later attempt's stays."""
    trials = re.compile(f"(?:{'|'.join(map(re.escape, jobs))})-[0-9]{{3,}}-[0-9a-z]+")
    models = names.run_key(run.run_id, names.MODEL_PREFIX) + "/"
    pages = (
        aws.s3()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=settings().data_bucket, Prefix=models + names.TUNING_PREFIX)
    )
    for page in pages:
        for found in page.get("Contents", []):
            job = found["Key"].removeprefix(models).split("/")[0]
            if job != run.tuning.best_job and trials.fullmatch(job):
                yield found["Key"]
