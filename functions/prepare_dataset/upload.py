"""From an uploaded object to a prepared run: the AWS side of preparing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from prepare_dataset.commit import prepare_until_accepted
from prepare_dataset.waiting import refuse_to_overtake, wake_waiting
from retailrec_shared.core import aws, bus, names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.events import DatasetPrepared, DatasetRejected
from retailrec_shared.core.mapping_file import read_mapping
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import BEFORE_TRAINING, RunStatus, Stage
from retailrec_shared.ledger.announcements import announce, end_run
from retailrec_shared.ledger.failure import fail_run
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Lease, Upload, now, timestamp

if TYPE_CHECKING:
    from prepare_dataset.report.model import QualityReport

# Attempts that died without a word, each for lack of memory or time; those that AWS let down do not count.
MAX_LEASES = 3
# How long an attempt may last before it counts as dead: longer than the function's timeout.
LEASE_DURATION = timedelta(minutes=16)


def prepare_upload(
    bucket: str, key: str, version_id: str | None, sequencer: str, waiting_run: str | None = None
) -> None:
    """Make a run of an uploaded object, unless the same bytes had one already.

    ``waiting_run`` is the run on whose behalf the event was sent again: it fails
    when the object can no longer become that run.
    """
    version = {"VersionId": version_id} if version_id else {}
    try:
        head = aws.s3().head_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
    except ClientError as error:
        if aws.error_code(error) not in {"404", "NoSuchKey", "NoSuchVersion"}:
            raise
        logger.warning("the object is gone", bucket=bucket, key=key)
        _give_up(waiting_run, "The file was deleted before it could be prepared.")
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
        _give_up(waiting_run, "The file or the stack's configuration changed before it could be prepared.")
    take_up(Run(run_id=run_id, upload=upload, configuration=configuration))


def take_up(wanted: Run) -> None:
    """Prepare a run, unless it was prepared before or somebody prepares it."""
    me = uuid4().hex
    with _release_on_error(wanted.run_id, me):
        run = _open(wanted.model_copy(update={"lease": Lease(expires_at=_lease(), holder=me)}), me)
        if run:
            refuse_to_overtake(run)
            _prepare(run)
    wake_waiting()


def _lease() -> str:
    return timestamp(datetime.fromisoformat(now()) + LEASE_DURATION)


@contextmanager
def _release_on_error(run_id: str, me: str) -> Iterator[None]:
    """Give up an attempt that ends in an error at once, so that the next may begin."""
    try:
        yield
    except Exception:
        ledger().release_lease(run_id, me)
        raise


def _give_up(run_id: str | None, reason: str) -> None:
    if run_id:
        fail_run(run_id, Stage.PREPARE, reason, DatasetRejected.NEXT_STEP)


def _open(run: Run, me: str) -> Run | None:
    """Enter the run in the ledger; return it when there is work to do, and nobody else does it."""
    if ledger().open_run(run):
        return run
    known = ledger().get(run.run_id)
    if known and known.lease.holder == me:  # the write worked, and boto3 sent it once more
        return known
    if known is None or known.status not in BEFORE_TRAINING:
        logger.info("the same bytes had their run already", run_id=run.run_id, status=known and known.status)
        if known:
            announce(known)
        return None
    if known.status is RunStatus.PREPARED:  # the event may have been lost
        _announce(known)
        return None
    if known.lease.held(now()):
        logger.info("it is being prepared already", run_id=run.run_id)
        return None
    if known.lease.acquired >= MAX_LEASES:
        fail_run(
            run.run_id,
            Stage.PREPARE,
            "The file could not be prepared in several attempts.",
            "Look at the log of prepare_dataset (retailrec logs): the file may need more memory or time than "
            "it has. To try again: retailrec retry {run_id}",
        )
        return None
    taken = ledger().acquire_lease(run.run_id, _lease(), me) or ledger().get(run.run_id)
    return taken if taken and taken.lease.holder == me else None


def _prepare(run: Run) -> None:
    ledger().start_stage(run.run_id, Stage.PREPARE)
    try:
        outcome = prepare_until_accepted(run)
    except Rejected as refusal:
        _reject(run.run_id, refusal)
        return
    if outcome:
        accepted, report = outcome
        if not accepted.dataset.retrains:  # which brings no rows
            _count(report)
        if accepted.status is RunStatus.PREPARED:
            _announce(accepted)


def _count(report: "QualityReport") -> None:
    """Count the rows that a file brought; of an increment, not those that were there before."""
    brought = report.increment or report
    rows = {
        "RowsRead": brought.rows_read,
        "RowsKept": brought.rows_kept,
        "RowsRejected": sum(brought.rejected.values()),
        "RowsRepeated": report.increment.rows_repeated if report.increment else 0,
    } | {f"RowsRejected_{reason}": number for reason, number in brought.rejected.items() if number}
    for name, number in rows.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
    metrics.add_metric(name="DatasetWarnings", unit=MetricUnit.Count, value=len(report.warnings))


def _announce(run: Run) -> None:
    bus.publish(DatasetPrepared.of(run.run_id, run.counts))


def _reject(run_id: str, refusal: Rejected) -> None:
    logger.warning("dataset rejected", run_id=run_id, reason=str(refusal))
    end_run(run_id, RunStatus.REJECTED, reason=str(refusal), next_step=DatasetRejected.NEXT_STEP)
