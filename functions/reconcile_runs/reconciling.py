"""Repairs after lost events and crashes.

The reconciler starts no step itself: it sends the missing event again, and the event's
function determines whether anything is left to do. It also corrects what a crash left
inconsistent in the ledger, and deletes the resources of retired runs.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from reconcile_runs.cleaning import delete_serving_items
from reconcile_runs.decisions import Repair, repairs
from reconcile_runs.stopping import stop_jobs
from reconcile_runs.sweeping import sweep_searches
from reconcile_runs.uploads import forgotten
from retailrec_shared.core import aws, bus, counting
from retailrec_shared.core.events import DatasetPrepared
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage, stages_needed
from retailrec_shared.core.timing import MAX_STEP_GAP
from retailrec_shared.ledger import endpoint_request, replay
from retailrec_shared.ledger.activation import activate_if_ready, supersede_overtaken
from retailrec_shared.ledger.announcements import announce, announcement
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import deployment
from retailrec_shared.sagemaker.requests import job_name, model_approved
from retailrec_shared.sagemaker.retirement import delete_earlier_attempts, retire_old_runs


def reconcile(invocation: Invocation | None = None) -> None:
    """Repair every run that made no progress, then clean up after those that ended.

    Every part runs, even if another fails; raises ExceptionGroup of what failed.
    """
    runs = list(ledger().runs())
    moment = datetime.now(UTC)
    parts: list[Callable[[], None]] = [
        *(partial(_repair, run, moment) for run in runs),
        lambda: supersede_overtaken(list(ledger().runs()), ledger().pointer("live")),
        lambda: _adopt_forgotten_uploads(runs, moment),
        _check_endpoint,
        lambda: retire_old_runs(moment),
        lambda: delete_earlier_attempts(moment),
        lambda: sweep_searches(list(ledger().runs()), moment),
        lambda: delete_serving_items(list(ledger().runs()), moment, invocation),
    ]
    problems = [problem for problem in map(_problem_of, parts) if problem]
    if problems:
        raise ExceptionGroup("not everything could be reconciled", problems)


def _problem_of(part: Callable[[], None]) -> Exception | None:
    try:
        part()
    except Exception as problem:  # noqa: BLE001 - reconcile raises it after the other parts
        logger.exception("reconciling failed in part")
        return problem
    return None


def _repair(run: Run, moment: datetime) -> None:
    for repair in repairs(run, moment, stages_needed(settings().endpoint_mode)):
        _count_repair(run.run_id, repair)
        _send(run, repair)
    activate_if_ready(run)
    announce_if_missing(run, moment)
    stop_jobs(run, moment)


def announce_if_missing(run: Run, moment: datetime) -> None:
    """Announce how a run ended, if that was not announced in time."""
    missing = announcement(run) is not None and run.outcome.announced is not run.status
    if missing and moment - datetime.fromisoformat(run.status_at) > MAX_STEP_GAP:
        _count_repair(run.run_id, "announcement")
        announce(run)


def _check_endpoint() -> None:
    """Send the endpoint's state change again when it does not serve the run it should."""
    last = endpoint_request.last()
    state = deployment.describe()
    counting.count_endpoint_instances(state.instances if state else 0)
    if state and state.busy:
        return
    run = None if settings().endpoint_mode == "none" else deployment.current_target()
    if run is None and state is None:
        return
    if run and state and state.serves(run):
        return
    if run and run.status is RunStatus.LIVE:
        endpoint_request.record("", after=last)  # requests it again, five minutes after the last time
        replay.send(replay.training_changed(settings().resource_prefix, run))  # its model may be gone, too
    replay.send(replay.endpoint_changed(settings().endpoint_name))


def _count_repair(run_id: str, what: str) -> None:
    logger.warning("event sent again", run_id=run_id, event=what)
    metrics.add_metric(name="EventsRepaired", unit=MetricUnit.Count, value=1)


def _send(run: Run, repair: Repair) -> None:
    match repair:
        case Repair.OBJECT_CREATED:
            if run.dataset.retrains:
                replay.send(replay.retraining_requested(settings().stack_name, run_id=run.run_id))
            else:
                replay.send(replay.object_created(run.upload, run.run_id))
        case Repair.DATASET_PREPARED:
            bus.publish(DatasetPrepared.of(run.run_id, run.counts))
        case Repair.TRAINING_JOB_CHANGED | Repair.TUNING_JOB_CHANGED:
            replay.send(replay.training_changed(settings().resource_prefix, run))
        case Repair.MODEL_APPROVED:
            bus.publish(model_approved(run, settings()))
        case Repair.TRANSFORM_JOB_CHANGED:
            replay.send(replay.transform_job_changed(job_name(settings(), run, Stage.BATCH)))
        case Repair.ENDPOINT_CHANGED:
            replay.send(replay.endpoint_changed(settings().endpoint_name))


def _adopt_forgotten_uploads(runs: list[Run], moment: datetime) -> None:
    """Send "Object Created" for uploads without a run, once they are old enough."""
    known = {(run.upload.key, run.upload.etag) for run in runs}
    versions, deletions = _versions()
    for upload in forgotten(versions, deletions, settings().raw_bucket, known):
        age = moment - datetime.fromisoformat(upload.uploaded_at)
        if age > MAX_STEP_GAP:
            _count_repair("", "Object Created")
            replay.send(replay.object_created(upload))


def _versions() -> tuple[list[Any], list[Any]]:
    """List every version and every deletion in the raw bucket: what was overwritten is an upload too."""
    pages = aws.s3().get_paginator("list_object_versions").paginate(Bucket=settings().raw_bucket)
    versions: list[Any] = []
    deletions: list[Any] = []
    for page in pages:
        versions += page.get("Versions", [])
        deletions += page.get("DeleteMarkers", [])
    return versions, deletions
