"""Runs as the ledger would hold them."""

from typing import Any

from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, Upload

UPLOADED_AT = "2026-01-02T03:04:00.000Z"


def at(seconds: float) -> str:
    """Return the moment so many seconds after the upload."""
    minutes, left = divmod(seconds, 60)
    return f"2026-01-02T03:{4 + int(minutes):02d}:{left:06.3f}Z"


def make_run(run_id: str = "0123456789abcdef", status: RunStatus = RunStatus.PREPARING, **fields: Any) -> Run:
    """Make a run of a small file that was uploaded at ``UPLOADED_AT``."""
    upload = fields.pop("upload", None) or Upload(
        bucket="raw", key="sales.csv", etag="e1", size=1234, uploaded_at=UPLOADED_AT
    )
    stages = {stage: StageRecord() for stage in Stage} | fields.pop("stages", {})
    run = Run(
        run_id=run_id,
        upload=upload,
        configuration=fields.pop("configuration", {}),
        status=status,
        stages=stages,
    )
    return with_attributes(run, **fields)


def with_attributes(run: Run, **attributes: Any) -> Run:
    """Return a run with other values of some attributes, by the names that the ledger's item gives them."""
    everything = run.attributes()
    assert attributes.keys() <= everything.keys(), attributes.keys() - everything.keys()
    return Run.from_attributes(everything | attributes)


def timed(start: float, end: float | None = None, waiting: str | None = None) -> StageRecord:
    """Make a stage that started, and perhaps ended, so many seconds after the upload."""
    return StageRecord(started_at=at(start), ended_at=None if end is None else at(end), waiting=waiting)
