"""Removing retired runs from the serving table."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import (
    CUSTOMERS_PER_PAGE,
    customer_key,
    customers_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)
from retailrec_shared.serving.table import serving

# publish_recommendations may still be writing: longer than its timeout.
GRACE = timedelta(minutes=16)


def delete_serving_items(runs: list[Run], moment: datetime) -> None:
    """Delete the serving items of one retired run: the next call takes the next one."""
    for run in runs:
        if moment - datetime.fromisoformat(run.status_at) < GRACE:
            continue
        if run.retired and not run.cleaned and run.started(Stage.PUBLISH):
            deleted = serving().delete_all(_keys(run.run_id))
            ledger().record(run.run_id, cleaned=True)
            logger.info("serving items deleted", run_id=run.run_id, items=deleted)
            return


def _keys(run_id: str) -> Iterator[str]:
    countries, customers = {""}, 0
    for history in _lines(run_id, names.HISTORY_JSONL):
        countries.add(str(history.get("country") or ""))
        customers += 1
        yield customer_key(run_id, str(history["customer_id"]))
    yield customers_key(run_id)
    for page in range(-(-customers // CUSTOMERS_PER_PAGE)):
        yield customers_key(run_id, page)
    for item in _lines(run_id, names.CATALOGUE_JSONL):
        yield item_key(run_id, str(item["item_id"]))
        yield similar_key(run_id, str(item["item_id"]))
    # A customer who moved bought in a country that no history names.
    countries.update(json.loads("".join(_read(run_id, names.POPULAR_JSON)))["by_country"])
    yield popular_rest_key(run_id)
    for country in sorted(countries):
        yield popular_key(run_id, country)
        yield popular_since_key(run_id, country)


def _lines(run_id: str, relative: str) -> Iterator[dict[str, object]]:
    yield from map(json.loads, _read(run_id, relative))


def _read(run_id: str, relative: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines")
        aws.s3().download_file(settings().data_bucket, names.run_key(run_id, relative), str(path))
        with path.open("rb") as file:
            for line in gzip.GzipFile(fileobj=file) if relative.endswith(".gz") else file:
                yield line.decode("utf-8")
