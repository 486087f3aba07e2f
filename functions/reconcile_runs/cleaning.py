"""Deletion of retired runs' items in the serving table."""

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.entries import run_keys
from retailrec_shared.serving.run_lines import read_lines
from retailrec_shared.serving.table import serving

# publish_recommendations may still be writing: longer than its timeout.
SERVING_ITEMS_GRACE = timedelta(minutes=16)


def delete_serving_items(runs: list[Run], moment: datetime) -> None:
    """Delete the serving items of one retired run: the next call takes the next one."""
    for run in runs:
        if moment - datetime.fromisoformat(run.status_at) < SERVING_ITEMS_GRACE:
            continue
        if run.cleanup.retired and not run.cleanup.serving_items_deleted and run.started(Stage.PUBLISH):
            deleted = serving().delete_all(run_keys(run.run_id, partial(_read, run.run_id)))
            ledger().record(run.run_id, cleaned=True)
            logger.info("serving items deleted", run_id=run.run_id, items=deleted)
            return


def _read(run_id: str, relative: str) -> Iterator[str]:
    """Yield the lines of a run's file, which is on disk only while it is read."""
    with tempfile.TemporaryDirectory() as folder:
        yield from read_lines(run_id, Path(folder), relative)
