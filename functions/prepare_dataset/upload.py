"""From an uploaded object to a prepared run: the part of preparing that calls AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from prepare_dataset.commit import prepare_and_commit
from prepare_dataset.waiting import resume_waiting, wait_for_earlier_uploads
from retailrec_shared.core import aws, bus, names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.events import DatasetPrepared, DatasetRejected
from retailrec_shared.core.mapping_file import read_mapping
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import BEFORE_TRAINING, RunStatus, Stage
from retailrec_shared.ledger.announcements import announce, end_run
from retailrec_shared.ledger.failure import fail_run, step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Lease, Upload, now, timestamp

if TYPE_CHECKING:
    from retailrec_shared.contract.quality_report import QualityReport

# Leases whose invocation ended without an error, for lack of memory or time. Failed calls of AWS
# do not count.
MAX_LEASES = 3
# An invocation that takes longer than this has ended: it is longer than the function's timeout.
LEASE_DURATION = timedelta(minutes=16)


def prepare_upload(
    bucket: str, key: str, version_id: str | None, sequencer: str, waiting_run: str | None = None
) -> None:
    """Prepare a run of an uploaded object, unless a run of the same bytes exists.

    ``waiting_run`` is the run for which the event was sent again: it fails if the object can no longer
    become that run.
    """
    version = {"VersionId": version_id} if version_id else {}
    try:
        head = aws.s3().head_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
    except ClientError as error:
        if aws.error_code(error) not in {"404", "NoSuchKey", "NoSuchVersion"}:
            raise
        logger.warning("the object was deleted", bucket=bucket, key=key)
        _fail_waiting(waiting_run, "The file was deleted before it could be prepared.")
        return
    upload = Upload(
        bucket=bucket,
        key=key,
        etag=head["ETag"].strip('"'),
        size=head["ContentLength"],
        uploaded_at=timestamp(head["LastModified"]),
        sequencer=sequencer,
        version_id=version_id,
    )
    configuration = settings().run_configuration(read_mapping(aws.s3(), bucket, key))
    run_id = names.run_id(bucket, key, upload.etag, configuration)
    if waiting_run not in {None, run_id}:
        _fail_waiting(
            waiting_run, "The file or the stack's configuration changed before it could be prepared."
        )
    prepare_run(Run(run_id=run_id, upload=upload, configuration=configuration))


def prepare_run(wanted: Run) -> None:
    """Prepare a run, unless it is prepared already or another invocation prepares it."""
    owner = uuid4().hex
    with _release_on_error(wanted.run_id, owner):
        run = _open(wanted.model_copy(update={"lease": Lease(expires_at=_lease(), holder=owner)}), owner)
        if run:
            wait_for_earlier_uploads(run)
            with step_of(run.run_id, Stage.PREPARE):
                _prepare(run)
    resume_waiting()


def _lease() -> str:
    return timestamp(datetime.fromisoformat(now()) + LEASE_DURATION)


@contextmanager
def _release_on_error(run_id: str, owner: str) -> Iterator[None]:
    """Release the lease at once if the invocation ends with an error, so that the next one can begin."""
    try:
        yield
    except Exception:
        ledger().release_lease(run_id, owner)
        raise


def _fail_waiting(run_id: str | None, reason: str) -> None:
    if run_id:
        fail_run(run_id, Stage.PREPARE, reason, DatasetRejected.NEXT_STEP)


def _open(run: Run, owner: str) -> Run | None:
    """Enter the run in the ledger; return it if it is to be prepared by this invocation."""
    if ledger().open_run(run):
        return run
    known = ledger().get(run.run_id)
    if known and known.lease.holder == owner:  # the write succeeded, and boto3 repeated it
        return known
    if known is None or known.status not in BEFORE_TRAINING:
        logger.info("a run of the same bytes exists", run_id=run.run_id, status=known and known.status)
        if known:
            announce(known)
        return None
    if known.status is RunStatus.PREPARED:  # the event may have been lost
        _announce(known)
        return None
    if known.lease.held(now()):
        logger.info("another invocation prepares the run", run_id=run.run_id)
        return None
    if known.lease.acquired >= MAX_LEASES:
        fail_run(
            run.run_id,
            Stage.PREPARE,
            f"The file could not be prepared in {MAX_LEASES} invocations of the function.",
            "Read the log of prepare_dataset (retailrec logs): the file may need more memory or time than "
            "the function has. To try again: retailrec retry {run_id}",
        )
        return None
    taken = ledger().acquire_lease(run.run_id, _lease(), owner) or ledger().get(run.run_id)
    return taken if taken and taken.lease.holder == owner else None


def _prepare(run: Run) -> None:
    ledger().start_stage(run.run_id, Stage.PREPARE)
    try:
        outcome = prepare_and_commit(run)
    except Rejected as refusal:
        _reject(run.run_id, refusal)
        return
    if outcome:
        committed, report = outcome
        if not committed.dataset.retrains:  # a retraining adds no rows
            _count(report)
        if committed.status is RunStatus.PREPARED:
            _announce(committed)


def _count(report: "QualityReport") -> None:
    """Publish the row counts of a file as metrics; for an increment, only the counts of its own rows."""
    counted = report.increment or report
    rows = {
        "RowsRead": counted.rows_read,
        "RowsKept": counted.rows_kept,
        "RowsRejected": sum(counted.rejected.values()),
        "RowsRepeated": report.increment.rows_repeated if report.increment else 0,
    } | {f"RowsRejected_{reason}": number for reason, number in counted.rejected.items() if number}
    for name, number in rows.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
    metrics.add_metric(name="DatasetWarnings", unit=MetricUnit.Count, value=len(report.warnings))


def _announce(run: Run) -> None:
    bus.publish(DatasetPrepared.of(run.run_id, run.counts))


def _reject(run_id: str, refusal: Rejected) -> None:
    logger.warning("dataset rejected", run_id=run_id, reason=str(refusal))
    end_run(run_id, RunStatus.REJECTED, reason=str(refusal), next_step=DatasetRejected.NEXT_STEP)
