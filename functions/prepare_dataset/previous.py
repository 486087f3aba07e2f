"""Finds the earlier run that a report is compared with: the part of the report that calls AWS."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.json
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from prepare_dataset.report.difference import Ids, Origin, Previous
from prepare_dataset.table.arrow import TEXT, Texts, pc
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import WITHOUT_DATASET, RunStatus, Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run

RUNS_SEARCHED = 500
"""An older run than these is not compared with: it is no longer the previous one in any useful sense."""
_UNREADABLE = (ClientError, BotoCoreError, OSError, EOFError, ValidationError, pa.ArrowException)

Read = TypeVar("Read")


def origin(run: Run) -> Origin:
    """Return which run a report belongs to; a previous run that cannot be read is left out."""
    return Origin(
        run_id=run.run_id,
        file=run.upload.key,
        uploaded_at=datetime.fromisoformat(run.upload.uploaded_at),
        previous=_unless_unreadable("previous run", lambda: _previous(run)),
    )


def _previous(run: Run) -> Previous | None:
    earlier = _find(run)
    if earlier is None:
        return None
    report = QualityReport.model_validate_json(_read(earlier, names.QUALITY_REPORT_JSON))
    return Previous(earlier.run_id, earlier.upload.key, report, Ids(
        items=_unless_unreadable(
            "previous items", lambda: read_ids(_read(earlier, names.CATALOGUE_JSONL), "item_id", packed=True)
        ),
        customers=_unless_unreadable(
            "previous customers", lambda: read_ids(_read(earlier, names.BATCH_INPUT_JSONL), "user_id")
        ),
    ))  # fmt: skip


def _find(run: Run) -> Run | None:
    """Find the newest run of an earlier upload that could be prepared, whatever happened to its model."""
    return next(
        (
            each
            for each in islice(ledger().runs(), RUNS_SEARCHED)
            if each.order < run.order and is_prepared(each)
        ),
        None,
    )


def is_prepared(run: Run) -> bool:
    """Return whether a run's dataset exists, whatever happened to its model."""
    if run.status is RunStatus.FAILED and run.outcome.failed_stage is Stage.PREPARE:
        return False  # failed after the dataset was written
    return run.ended(Stage.PREPARE) and run.status not in WITHOUT_DATASET


def _read(run: Run, relative: str) -> bytes:
    key = names.run_key(run.run_id, relative)
    return aws.s3().get_object(Bucket=settings().data_bucket, Key=key)["Body"].read()


def _unless_unreadable(what: str, read: Callable[[], Read]) -> Read | None:
    try:
        return read()
    except _UNREADABLE as problem:
        logger.warning("cannot read the run to compare with", missing=what, problem=str(problem))
        return None


def read_ids(lines: bytes, field: str, *, packed: bool = False) -> Texts:
    """Read the distinct values of one field of JSON Lines.

    Raises ``pa.ArrowInvalid`` or OSError if the bytes are no JSON Lines.
    """
    stream: Any = pa.input_stream(pa.py_buffer(lines), compression="gzip" if packed else None)  # type: ignore[arg-type]
    only = pyarrow.json.ParseOptions(
        explicit_schema=pa.schema([(field, TEXT)]), unexpected_field_behavior="ignore"
    )
    found = pyarrow.json.read_json(stream, parse_options=only)[field].combine_chunks()
    ids: Texts = pc.unique(found).drop_null()
    return ids
