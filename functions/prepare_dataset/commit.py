"""Prepares a run's dataset and commits it to the ledger, with the rows that other runs added."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from prepare_dataset.dataset import prepare_file
from prepare_dataset.files.limits import refuse_object
from prepare_dataset.increments.append import OtherUploads
from prepare_dataset.options import Options
from prepare_dataset.outcome import adds_nothing, counts, next_status
from prepare_dataset.previous import is_prepared, origin
from prepare_dataset.table.columns import mapped_headers
from retailrec_shared.core import aws, names
from retailrec_shared.core.column_mapping import ColumnMapping
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.datasets import Head, Place, datasets, fit_one_item, identify, place
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import DatasetVersion

if TYPE_CHECKING:
    from retailrec_shared.contract.quality_report import QualityReport

# How many times a run is prepared because other runs were committed first.
MAX_COMMITS = 5
REPLACED = "A full file that was uploaded later replaced the dataset to which this increment belongs."

TOO_MANY = (
    "The dataset consists of {:,} files, which is the most that it can have; upload one file of all rows, not"
    " as an increment: it replaces the dataset."
)


def prepare_and_commit(run: Run) -> "tuple[Run, QualityReport] | None":
    """Prepare a run and commit it, again if another run was committed first; return the committed run.

    Returns ``None`` if the run has another status in the meantime. Raises Rejected for a file that cannot be
    used.
    """
    for _ in range(MAX_COMMITS):
        head = datasets().head()
        here = place(run, head)
        if run.appends and not head.members and not run.dataset.retrains:
            _refuse_unknown_dataset()
        if here and run.appends and not run.dataset.retrains and not fit_one_item(here.members):
            raise Rejected(TOO_MANY.format(len(here.members) - 1))
        if here is None and run.appends:
            ledger().move(run.run_id, RunStatus.SUPERSEDED, reason=REPLACED)
            return None
        wanted = _with_position(run, head, here)
        report = _prepare(wanted, here or Place(()))
        ledger().end_stage(run.run_id, Stage.PREPARE)
        accepted = _commit(wanted, head, here, report)
        if accepted:
            return accepted, report
        present = ledger().get(run.run_id)
        if present is None or present.status is not RunStatus.PREPARING:
            return None
    raise TimeoutError(f"run {run.run_id} could not be committed: other runs were first {MAX_COMMITS} times")


def _refuse_unknown_dataset() -> None:
    """Refuse to add to a dataset of an earlier release, which did not keep its rows."""
    earlier = any(is_prepared(run) and run.dataset.id is None for run in ledger().runs())
    if earlier and not datasets().head().members:  # none was committed in the meantime
        raise Rejected(
            "The dataset that this file would be added to was prepared by an earlier release, which did not"
            " keep its rows; upload one file of all rows, not as an increment."
        )


def _with_position(run: Run, head: Head, here: Place | None) -> Run:
    """Set which uploads the run's dataset consists of, and its position among all runs."""
    if here is None:  # a full file that a later one has replaced: it is a dataset of its own
        return run
    newest = here.members[-1].upload_order
    dataset = DatasetVersion(
        id=identify(here.members),
        number=head.number + 1,
        newest_upload=newest if newest > run.upload.order else None,
        joined=len(here.members) > 1,
        added_to=head.members[-1].run_id if here.joined and head.members else None,
        retrains=run.dataset.retrains,
    )
    return run.model_copy(update={"dataset": dataset})


def _prepare(run: Run, here: Place) -> "QualityReport":
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "run")
        target.mkdir()
        if not run.dataset.retrains:
            _download(run, source)
        mapping = ColumnMapping.parse(run.configuration.get("column_mapping", ""))
        options = Options(
            profile=settings().cleaning_profile,
            split=settings().split,
            top_n=settings().top_n,
            exclude_purchased=run.excludes_purchased,
            headers=mapped_headers(mapping),
            others=_fetch(run, here, Path(folder)) if here.joined else None,
            origin=origin(run),
        )
        report = prepare_file(None if run.dataset.retrains else source, target, options)
        source.unlink(missing_ok=True)
        _store(run.run_id, target)
    return report


def _download(run: Run, source: Path) -> None:
    refuse_object(run.upload.size)
    extra = {"VersionId": run.upload.version_id} if run.upload.version_id else None
    aws.s3().download_file(run.upload.bucket, run.upload.key, str(source), ExtraArgs=extra)


def _fetch(run: Run, here: Place, folder: Path) -> OtherUploads:
    """Download the kept lines of the dataset's other uploads."""
    paths = [folder / f"lines-{number}" for number in range(len(here.before) + len(here.after))]
    for key, path in zip([*here.before, *here.after], paths, strict=True):
        try:
            aws.s3().download_file(settings().data_bucket, key, str(path))
        except ClientError as error:
            if aws.error_code(error) not in {"404", "NoSuchKey"}:
                raise
            raise Rejected(
                f"The rows that this file would be added to are missing: {key} was deleted from the data"
                " bucket. Restore that object (the bucket keeps deleted versions for a while), or upload one"
                " file of all rows, not as an increment."
            ) from error
    return OtherUploads(run.upload.key, paths[: len(here.before)], paths[len(here.before) :])


def _store(run_id: str, target: Path) -> None:
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        key = names.run_key(run_id, path.relative_to(target).as_posix())
        # With this type a browser shows the page instead of saving it.
        page = {"ContentType": "text/html; charset=utf-8"} if path.suffix == ".html" else None
        aws.s3().upload_file(str(path), settings().data_bucket, key, ExtraArgs=page)


def _commit(run: Run, head: Head, here: Place | None, report: "QualityReport") -> Run | None:
    fields: dict[str, Any] = {"counts": counts(report)}
    if here is None:
        return ledger().move(run.run_id, RunStatus.PREPARED, **fields)
    dataset = run.dataset
    if adds_nothing(report):
        dataset = dataset.model_copy(update={"id": head.dataset})
    to, why = next_status(run, here, report, trains=settings().train_on_append == "true")
    lines = names.WHOLE_LINES if here.joined else names.OWN_LINES
    whole = head.whole if run.dataset.retrains else names.run_key(run.run_id, lines)
    new = Head(head.number + 1, here.members, whole, dataset.id or "")
    fields |= dataset.model_dump(by_alias=True, exclude_none=True, exclude={"retrains"})
    fields |= {"reason": why} if why else {}
    return ledger().get(run.run_id) if datasets().accept(run, to, head, new, fields) else None
