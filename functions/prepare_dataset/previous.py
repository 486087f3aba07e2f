"""Which run a report is of, and which earlier run it is compared with: the AWS side of the report."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.json
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from prepare_dataset.report.difference import Ids, Origin, Previous
from prepare_dataset.report.model import QualityReport
from prepare_dataset.table.arrow import TEXT, Texts, pc
from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import WITHOUT_DATASET, RunStatus, Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run

RUNS_SEARCHED = 500
"""Beyond so many later or rejected uploads nobody would call an older one the previous."""
_UNREADABLE = (ClientError, BotoCoreError, OSError, EOFError, ValidationError, pa.ArrowException)

Read = TypeVar("Read")


def origin(run: Run) -> Origin:
    """Tell which run a report is of; a previous run that cannot be read is left out, never an error."""
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
    """Find the newest run of an earlier upload that could be prepared, whatever became of its model."""
    return next(
        (
            each
            for each in islice(ledger().runs(), RUNS_SEARCHED)
            if each.order < run.order and is_prepared(each)
        ),
        None,
    )


def is_prepared(run: Run) -> bool:
    """Tell whether a run's dataset is there, whatever became of its model."""
    if run.status is RunStatus.FAILED and run.outcome.failed_stage is Stage.PREPARE:
        return False  # stopped at the very end
    return run.ended(Stage.PREPARE) and run.status not in WITHOUT_DATASET


def _read(run: Run, relative: str) -> bytes:
    key = names.run_key(run.run_id, relative)
    return aws.s3().get_object(Bucket=settings().data_bucket, Key=key)["Body"].read()


def _unless_unreadable(what: str, read: Callable[[], Read]) -> Read | None:
    try:
        return read()
    except _UNREADABLE as problem:
        logger.warning("nothing to compare with", missing=what, problem=str(problem))
        return None


def read_ids(lines: bytes, field: str, *, packed: bool = False) -> Texts:
    """Read one field of JSON Lines, without duplicates; ``pa.ArrowInvalid`` or OSError if they are none."""
    stream: Any = pa.input_stream(pa.py_buffer(lines), compression="gzip" if packed else None)  # type: ignore[arg-type]
    only = pyarrow.json.ParseOptions(
        explicit_schema=pa.schema([(field, TEXT)]), unexpected_field_behavior="ignore"
    )
    found = pyarrow.json.read_json(stream, parse_options=only)[field].combine_chunks()
    ids: Texts = pc.unique(found).drop_null()
    return ids
