"""Repairing what lost events left behind.

The reconciler does no other function's work: it sends the missing event again, and
the function it was for finds out whether there is anything left to do.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from aws_lambda_powertools.metrics import MetricUnit

from reconcile_runs.cleaning import delete_serving_items
from reconcile_runs.decisions import Repair, repairs
from retailrec_shared import aws, bus, names, replay
from retailrec_shared.activation import activate_if_ready
from retailrec_shared.approved import model_approved
from retailrec_shared.events import DatasetPrepared
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger, metrics
from retailrec_shared.retirement import retire_old_runs
from retailrec_shared.run import Run, Upload, timestamp
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, stages_needed


def reconcile() -> None:
    """Repair every run that stands still, then clean up after those that ended."""
    runs = list(ledger().runs())
    moment = datetime.now(UTC)
    for run in runs:
        for repair in repairs(run, moment, stages_needed(settings().endpoint_mode)):
            logger.warning("sending again", run_id=run.run_id, repair=repair)
            metrics.add_metric(name="EventsRepaired", unit=MetricUnit.Count, value=1)
            _send(run, repair)
        activate_if_ready(run)
    _adopt_forgotten_uploads(runs, moment)
    _supersede_impostors(runs)
    retire_old_runs()
    delete_serving_items(list(ledger().runs()))


def _send(run: Run, repair: Repair) -> None:
    job = names.resource_name(settings().resource_prefix, run.run_id)
    match repair:
        case Repair.OBJECT_CREATED:
            replay.send(replay.object_created(run.upload))
        case Repair.DATASET_PREPARED:
            bus.publish(DatasetPrepared.of(run.run_id, run.counts))
        case Repair.TRAINING_JOB_CHANGED:
            replay.send(replay.training_job_changed(job))
        case Repair.MODEL_APPROVED:
            bus.publish(model_approved(run, settings()))
        case Repair.TRANSFORM_JOB_CHANGED:
            replay.send(replay.transform_job_changed(job))
        case Repair.ENDPOINT_CHANGED:
            replay.send(replay.endpoint_changed(settings().endpoint_name))


def _adopt_forgotten_uploads(runs: list[Run], moment: datetime) -> None:
    """Send "Object Created" for objects in the raw bucket that no run knows, once they are old enough."""
    known = {(run.upload.key, run.upload.etag) for run in runs}
    for upload in _uploads():
        age = moment - datetime.fromisoformat(upload.uploaded_at)
        if (upload.key, upload.etag) not in known and age.total_seconds() > 240:
            logger.warning("upload without a run", key=upload.key)
            metrics.add_metric(name="EventsRepaired", unit=MetricUnit.Count, value=1)
            replay.send(replay.object_created(upload))


def _uploads() -> Iterator[Upload]:
    bucket = settings().raw_bucket
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for thing in page.get("Contents", []):
            if not thing["Key"].endswith("/"):
                yield Upload(
                    bucket=bucket,
                    key=thing["Key"],
                    etag=thing["ETag"].strip('"'),
                    size=thing["Size"],
                    uploaded_at=timestamp(thing["LastModified"]),
                )


def _supersede_impostors(runs: list[Run]) -> None:
    """Move runs that count as live, but that the live pointer does not name, to superseded."""
    live = ledger().pointer("live")
    for run in runs:
        if run.status is RunStatus.LIVE and run.run_id != live:
            ledger().move(run.run_id, RunStatus.SUPERSEDED, reason=f"Run {live} replaced it.")
