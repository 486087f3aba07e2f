"""Publishes or cleans up a large run over fakes that keep nothing, within a function's memory.

python -m tests.memory.program publish FOLDER MEGABYTES
"""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from tests.environment import ENVIRONMENT

RUN = "a" * 16


class Files:
    """S3's objects of the run as files of a folder; a request reads no more than its range."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.stored = 0

    def get_object(self, Bucket: str, Key: str, Range: str, IfMatch: str = "") -> Any:  # noqa: N803
        """Read a range."""
        path = self._path(Key)
        size = path.stat().st_size
        first, last = (int(end) for end in Range.removeprefix("bytes=").split("-"))
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        placed = f"bytes {first}-{first + len(body) - 1}/{size}"
        return {"Body": _Body(body), "ContentRange": placed, "ETag": "e"}

    def download_file(self, _bucket: str, key: str, path: str) -> None:
        """Link to a file."""
        Path(path).symlink_to(self._path(key))

    def upload_file(self, path: str, _bucket: str, _key: str) -> None:
        """Keep the size only."""
        self.stored = Path(path).stat().st_size

    def _path(self, key: str) -> Path:
        return self._folder / key.removeprefix(f"runs/{RUN}/").replace("/", "-")


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self) -> bytes:
        return self._body


class Table:
    """The serving table, which only counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.written = self.deleted = 0

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
        """Count a batch, which boto3 would write as JSON."""
        text = json.dumps(RequestItems)
        requests = next(iter(RequestItems.values()))
        assert len(requests) <= 25
        assert len(text) < 16 << 20
        with self._lock:
            puts = sum("PutRequest" in each for each in requests)
            self.written += puts
            self.deleted += len(requests) - puts
        return {"UnprocessedItems": {}}


class Tables:
    """DynamoDB: the ledger in memory, and the serving table."""

    def __init__(self, ledger: Any, serving: Table) -> None:
        self._ledger = ledger
        self.batch_write_item = serving.batch_write_item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def _peak_mb() -> float:
    """Return the largest resident memory, in MB; ``ru_maxrss`` would count the starting process as well."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) / 1000


def main(action: str, folder: Path, megabytes: int) -> None:
    """Do it, and print the peak and the counts as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    os.environ |= {**ENVIRONMENT, "POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_TRACE_DISABLED": "true"}
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "ENDPOINT_MODE": "none", "LOG_LEVEL": "CRITICAL"}
    from retailrec_shared.core import aws
    from tests.chaos.services.dynamodb import DynamoDB
    from tests.fakes import FakeEventBridge, FakeSageMaker

    serving, files, bus, sagemaker = Table(), Files(folder), FakeEventBridge(), FakeSageMaker()
    sagemaker.transform_jobs[f"retailrec-{RUN}"] = {"TransformJobStatus": "Completed"}
    clients = {
        "dynamodb": Tables(DynamoDB(), serving),
        "s3": files,
        "eventbridge": bus,
        "sagemaker": sagemaker,
    }
    begun = time.perf_counter()
    fakes: Any = {name: mock.Mock(return_value=client) for name, client in clients.items()}
    with mock.patch.multiple(aws, **fakes):
        _approve()
        {"publish": _publish, "clean": _clean}[action]()
    print(  # noqa: T201
        json.dumps(
            {
                "peak_mb": _peak_mb(),
                "seconds": round(time.perf_counter() - begun, 1),
                "written": serving.written,
                "deleted": serving.deleted,
                "parquet_bytes": files.stored,
                "published": bus.published("RecommendationsPublished"),
            }
        )
    )


def _approve() -> None:
    from retailrec_shared.core.status import RunStatus
    from retailrec_shared.ledger.ledger import ledger
    from retailrec_shared.ledger.run import Run
    from retailrec_shared.ledger.run_parts import Upload

    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    ledger().open_run(Run(run_id=RUN, upload=upload, configuration={}))
    for status in (RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED):
        ledger().move(RUN, status)


def _publish() -> None:
    from publish_recommendations.publishing import transform_job_changed

    transform_job_changed(f"retailrec-{RUN}")


def _clean() -> None:
    from datetime import UTC, datetime, timedelta

    from reconcile_runs.cleaning import delete_serving_items
    from retailrec_shared.core.invocation import Invocation
    from retailrec_shared.core.status import RunStatus, Stage
    from retailrec_shared.ledger.ledger import ledger

    ledger().start_stage(RUN, Stage.PUBLISH)
    ledger().move(RUN, RunStatus.FAILED)
    ledger().record(RUN, retired=True)
    moment = datetime.now(UTC) + timedelta(hours=1)
    for _ in range(100):
        if (run := ledger().get(RUN)) is None or run.cleanup.serving_items_deleted:
            return
        delete_serving_items([run], moment, Invocation("1", _five_seconds()))
    raise AssertionError("clean-up does not end")


def _five_seconds() -> Callable[[], float]:
    """Return a clock of an invocation that has no time left after five seconds."""
    ends = time.monotonic() + 65
    return lambda: ends - time.monotonic()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
