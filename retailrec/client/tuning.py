"""Tuning on the data of an earlier run: this makes a second run of the same upload.

So it never replaces a run of a later upload; among the runs of one upload, the one that was requested
last is the newest.
"""

from typing import Any

from retailrec.client.operating import Operator
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.core import names
from retailrec_shared.core.settings import HYPERPARAMETERS, tuning_configuration
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, Tuning, now

# What the stage prepare writes below a run's prefix; the later stages write the rest.
PREPARED = tuple(
    sorted(
        {
            relative.split("/")[0] + "/"
            for relative in (
                names.TRAIN_CSV, names.TEST_CSV, names.TRAIN_PARQUET, names.REJECTED_PARQUET,
                names.CATALOGUE_JSONL, names.HISTORY_JSONL, names.POPULAR_JSON, names.SIMILAR_JSONL,
                names.BATCH_INPUT_JSONL, names.QUALITY_REPORT_JSON,
            )
        }
    )
)  # fmt: skip
NAMES_ITS_RUN = names.QUALITY_REPORT_JSON.split("/")[0] + "/"


def tuned_run(run: Run, live: Run | None, in_total: int, in_parallel: int) -> Run:
    """Make the run that searches on a run's data; raises Problem if its result could not go live."""
    if not run.ended(Stage.PREPARE) or not run.counts:
        raise Problem(f"Run {run.run_id} is {run.status} and has no data to tune on.")
    base = {name: value for name, value in run.configuration.items() if not name.startswith("tuning")}
    if run.of_marketplace:  # which receives the contract's defaults where nothing is chosen
        base = {name: value for name, value in base.items() if HYPERPARAMETERS.get(name) != value}
    configuration = base | tuning_configuration(in_total, in_parallel)
    upload = run.upload
    # One increment may be part of several datasets.
    identity = configuration | ({"dataset": run.dataset.id} if run.dataset.id else {})
    made = Run(
        run_id=names.run_id(upload.bucket, upload.key, upload.etag, identity),
        upload=upload,
        configuration=configuration,
        status=RunStatus.PREPARED,
        counts=run.counts,
        dataset=run.dataset.model_copy(update={"retrains": None}),
        tuning=Tuning(source_run=run.run_id, requested_at=now()),
        stages=dict.fromkeys(Stage, StageRecord()) | {Stage.PREPARE: run.stages[Stage.PREPARE]},
    )
    if not made.searched:
        raise Problem(f"Run {run.run_id} has nothing to search for: all its hyperparameters are fixed.")
    if live and live.order > made.order:
        raise Problem(
            f"Run {live.run_id} of a later upload is live, and an earlier upload never replaces it: "
            "tune that run."
        )
    return made


def copy_data(stack: Stack, source: str, target: str) -> None:
    """Copy a run's prepared data to another run's prefix in the data bucket.

    Raises Problem if the rows to train on are gone.
    """
    s3, bucket = stack.s3(), stack.output("DataBucket")
    here, there = names.run_prefix(source), names.run_prefix(target)
    copied = set()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=here):
        for found in page.get("Contents", []):
            relative = found["Key"].removeprefix(here)
            if relative.startswith(PREPARED):
                _copy(s3, bucket, found["Key"], there + relative, source, target)
                copied.add(relative)
    if names.TRAIN_CSV not in copied:
        raise Problem(f"The data of run {source} is gone from {bucket}: drop its file again.")


def _copy(s3: Any, bucket: str, key: str, to: str, source: str, target: str) -> None:
    if not key.removeprefix(names.run_prefix(source)).startswith(NAMES_ITS_RUN):
        s3.copy({"Bucket": bucket, "Key": key}, bucket, to)
        return
    found = s3.get_object(Bucket=bucket, Key=key)  # the quality report: a page, and a document
    body = found["Body"].read().replace(source.encode(), target.encode())
    s3.put_object(Bucket=bucket, Key=to, Body=body, ContentType=found["ContentType"])


def begin(stack: Stack, made: Run) -> Run:
    """Add the run to the ledger and start it; an existing one is left as it is."""
    book = stack.ledger()
    if book.open_run(made):
        Operator(stack).wake(made)
    return book.get(made.run_id) or made
