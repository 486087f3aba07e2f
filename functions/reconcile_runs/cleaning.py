"""Removing retired runs from the serving table."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from retailrec_shared import aws, names
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.serving import customer_key, item_key, popular_key, serving
from retailrec_shared.settings import settings
from retailrec_shared.status import Stage


def delete_serving_items(runs: list[Run]) -> None:
    """Delete the serving items of one retired run: the next call takes the next one."""
    for run in runs:
        if run.retired and not run.cleaned and run.started(Stage.PUBLISH):
            deleted = serving().delete_all(_keys(run.run_id))
            ledger().record(run.run_id, cleaned=True)
            logger.info("serving items deleted", run_id=run.run_id, items=deleted)
            return


def _keys(run_id: str) -> Iterator[str]:
    countries: set[str] = set()
    for history in _read(run_id, names.HISTORY_JSONL):
        countries.add(str(history.get("country") or ""))
        yield customer_key(run_id, str(history["customer_id"]))
    for item in _read(run_id, names.CATALOGUE_JSONL):
        yield item_key(run_id, str(item["item_id"]))
    for country in {*countries, ""}:
        yield popular_key(run_id, country)


def _read(run_id: str, relative: str) -> Iterator[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines.gz")
        aws.s3().download_file(settings().data_bucket, names.run_key(run_id, relative), str(path))
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
