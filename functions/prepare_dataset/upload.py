"""From an uploaded object to a prepared run: the AWS side of preparing."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from prepare_dataset.columns import mapped_headers
from prepare_dataset.dataset import prepare_file
from prepare_dataset.limits import refuse_object
from prepare_dataset.previous import origin
from retailrec_shared import aws, bus, names
from retailrec_shared.announcing import announce, end_run
from retailrec_shared.column_mapping import ColumnMapping
from retailrec_shared.errors import Rejected
from retailrec_shared.events import DatasetPrepared, DatasetRejected
from retailrec_shared.failure import fail_run
from retailrec_shared.ledger import ledger
from retailrec_shared.mapping_file import read_mapping
from retailrec_shared.observability import logger, metrics
from retailrec_shared.run import Run, Upload, now, timestamp
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage

if TYPE_CHECKING:
    from prepare_dataset.report import QualityReport

MAX_ATTEMPTS = 6


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
    run = _open(Run(run_id=run_id, upload=upload, configuration=configuration))
    if run:
        _prepare(run, version_id)


def _give_up(run_id: str | None, reason: str) -> None:
    if run_id:
        fail_run(run_id, Stage.PREPARE, reason, DatasetRejected.NEXT_STEP)


def _open(run: Run) -> Run | None:
    """Enter the run in the ledger; return it when there is work to do."""
    if ledger().open_run(run):
        return run
    known = ledger().get(run.run_id)
    if known is None or known.status not in {RunStatus.PREPARING, RunStatus.PREPARED}:
        logger.info("the same bytes had their run already", run_id=run.run_id, status=known and known.status)
        if known:
            announce(known)
        return None
    if known.status is RunStatus.PREPARED:  # the event may have been lost
        _announce(known)
        return None
    if known.attempts >= MAX_ATTEMPTS:
        fail_run(
            run.run_id,
            Stage.PREPARE,
            "The file could not be prepared in several attempts.",
            "Look at the log of prepare_dataset; the file may need more memory or time than it has.",
        )
        return None
    return ledger().record(run.run_id, attempts=known.attempts + 1, status_at=now())


def _prepare(run: Run, version_id: str | None) -> None:
    ledger().start_stage(run.run_id, Stage.PREPARE)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "run")
        target.mkdir()
        try:
            refuse_object(run.upload.size)
            mapping = ColumnMapping.parse(run.configuration.get("column_mapping", ""))
            extra = {"VersionId": version_id} if version_id else None
            aws.s3().download_file(run.upload.bucket, run.upload.key, str(source), ExtraArgs=extra)
            report = prepare_file(
                source,
                target,
                profile=settings().cleaning_profile,
                split=settings().split,
                top_n=settings().top_n,
                headers=mapped_headers(mapping),
                origin=origin(run),
            )
        except Rejected as refusal:
            _reject(run.run_id, refusal)
            return
        source.unlink()
        _store(run.run_id, target)
    ledger().end_stage(run.run_id, Stage.PREPARE)
    prepared = ledger().move(run.run_id, RunStatus.PREPARED, counts=_counts(report))
    if prepared:
        _count(report)
        _announce(prepared)


def _store(run_id: str, target: Path) -> None:
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        key = names.run_key(run_id, path.relative_to(target).as_posix())
        # So that a browser shows the page instead of saving it.
        page = {"ContentType": "text/html; charset=utf-8"} if path.suffix == ".html" else None
        aws.s3().upload_file(str(path), settings().data_bucket, key, ExtraArgs=page)


def _counts(report: "QualityReport") -> dict[str, int]:
    return {
        "rows_read": report.rows_read,
        "rows_without_customer": report.rows_without_customer,
        "interactions": report.interactions,
        "customers": report.customers,
        "items": report.items,
        "train_rows": report.train_rows,
        "test_rows": report.test_rows,
    } | {f"rejected_{reason}": rows for reason, rows in report.rejected.items() if rows}


def _count(report: "QualityReport") -> None:
    metrics.add_metric(name="RowsRead", unit=MetricUnit.Count, value=report.rows_read)
    metrics.add_metric(
        name="RowsRejected", unit=MetricUnit.Count, value=report.rows_read - report.interactions
    )
    metrics.add_metric(name="DatasetWarnings", unit=MetricUnit.Count, value=len(report.warnings))


def _announce(run: Run) -> None:
    bus.publish(DatasetPrepared.of(run.run_id, run.counts))


def _reject(run_id: str, refusal: Rejected) -> None:
    logger.warning("dataset rejected", run_id=run_id, reason=str(refusal))
    if end_run(run_id, RunStatus.REJECTED, reason=str(refusal), next_step=DatasetRejected.NEXT_STEP):
        metrics.add_metric(name="DatasetsRejected", unit=MetricUnit.Count, value=1)
