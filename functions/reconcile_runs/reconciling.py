"""Repairing what lost events left behind.

The reconciler starts no step itself: it sends the missing event again, and the
function it was for finds out whether there is anything left to do. What a crash left
apart in the ledger it puts right, and what retired runs left behind it removes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from aws_lambda_powertools.metrics import MetricUnit

from reconcile_runs.cleaning import delete_serving_items
from reconcile_runs.decisions import PATIENCE, Repair, repairs
from retailrec_shared import aws, bus, deployment, names, replay
from retailrec_shared.activation import activate_if_ready, supersede_overtaken
from retailrec_shared.announcing import announce, announcement
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
            _count_repair(run.run_id, repair)
            _send(run, repair)
        activate_if_ready(run)
        announce_if_silent(run, moment)
    supersede_overtaken(list(ledger().runs()), ledger().pointer("live"))
    _adopt_forgotten_uploads(runs, moment)
    _look_at_endpoint()
    retire_old_runs()
    delete_serving_items(list(ledger().runs()))


def announce_if_silent(run: Run, moment: datetime) -> None:
    """Tell how a run ended, if nobody was told when it did."""
    silent = announcement(run) is not None and run.announced is not run.status
    if silent and moment - datetime.fromisoformat(run.status_at) > PATIENCE:
        _count_repair(run.run_id, "announcement")
        announce(run)


def _look_at_endpoint() -> None:
    """Have the endpoint looked at when it serves another run than it should, or none."""
    state = deployment.describe()
    if state and state.busy:
        return
    serves = state.run_id if state else None
    run = None if settings().endpoint_mode == "none" else deployment.wanted_now()
    if serves == (run.run_id if run else None):
        return
    if run and run.status is RunStatus.LIVE:
        ledger().note_attempt("")  # once more, five minutes after the last time
    replay.send(replay.endpoint_changed(settings().endpoint_name))


def _count_repair(run_id: str, what: str) -> None:
    logger.warning("sending again", run_id=run_id, what=what)
    metrics.add_metric(name="EventsRepaired", unit=MetricUnit.Count, value=1)


def _send(run: Run, repair: Repair) -> None:
    job = names.resource_name(settings().resource_prefix, run.run_id)
    match repair:
        case Repair.OBJECT_CREATED:
            replay.send(replay.object_created(run.upload, run.run_id))
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
            _count_repair("", "Object Created")
            replay.send(replay.object_created(upload))


def _uploads() -> Iterator[Upload]:
    bucket = settings().raw_bucket
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for thing in page.get("Contents", []):
            if names.makes_a_run(thing["Key"]):
                yield Upload(
                    bucket=bucket,
                    key=thing["Key"],
                    etag=thing["ETag"].strip('"'),
                    size=thing["Size"],
                    uploaded_at=timestamp(thing["LastModified"]),
                )
