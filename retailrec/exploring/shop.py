"""A stack in a notebook: on AWS or on this laptop, with the same calls."""

import io
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.exploring import customers, own_dataset, report
from retailrec.exploring.display import Picture, SideBySide, Table
from retailrec.metrics.command import newest
from retailrec.metrics.measured import Measured
from retailrec.metrics.reading import Reader
from retailrec_shared.core import names
from retailrec_shared.ledger.run import Run

STACK = "RETAILREC_STACK"
TRAINED, REJECTED = names.TRAIN_PARQUET, names.REJECTED_PARQUET


@dataclass(frozen=True)
class Shop:
    """A stack and its live run."""

    stack: Stack
    run: Run

    @classmethod
    def open(cls, name: str | None = None, region: str | None = None, profile: str | None = None) -> Self:
        """Open a stack by name, else that of ``RETAILREC_STACK``, else that of the local cloud.

        ``region`` and ``profile`` are of AWS; without them, those of the environment are used. If no run is
        live on the local cloud, a file is dropped first; on AWS this raises Problem.
        """
        stack = Stack.open(name or os.environ.get(STACK) or None, region, profile)
        run = _live(stack)
        if run is None and stack.cloud is None:
            raise Problem(f"No run is live: drop a file first, `retailrec drop FILE --stack {stack.name}`.")
        return cls(stack, run or own_dataset.drop(stack, own_dataset.first_file()))

    def _repr_html_(self) -> str:
        region = self.stack.session.region_name
        return Table(
            f"Stack {self.stack.name} {'on this laptop' if self.is_local else f'on AWS, in {region}'}",
            ("", ""),
            [
                ("live run", self.run.run_id),
                ("file", self.run.upload.key),
                ("model", self.run.algorithm),
                ("endpoint", self.endpoint if self.has_endpoint else "none"),
                ("REST API", self.stack.api_url),
                ("data", f"s3://{self.stack.output('DataBucket')}/{names.run_prefix(self.run.run_id)}"),
            ],
        )._repr_html_()

    @property
    def is_local(self) -> bool:
        """Return whether this is the local cloud."""
        return self.stack.cloud is not None

    @property
    def endpoint(self) -> str:
        """Name of the SageMaker endpoint."""
        return self.stack.output("EndpointName")

    @property
    def has_endpoint(self) -> bool:
        """Return whether there is an endpoint; in endpoint mode "none" there are batch results only."""
        return self.stack.parameters.get("EndpointMode") != "none"

    def client(self, service: str) -> Any:
        """Return boto3's client of a service, for this stack."""
        return self.stack.aws(service)

    def get(self, path: str, **query: object) -> Any:
        """GET a path of the REST API, with a query, signed with your credentials."""
        return self.stack.api().get(path, **query)

    @cached_property
    def report(self) -> dict[str, Any]:
        """Return the run's quality report in full."""
        read: dict[str, Any] = json.loads(self._read(names.QUALITY_REPORT_JSON))
        return read

    def raw_facts(self) -> Table:
        """List what the file holds, before any cleaning."""
        return report.raw_facts(self.report)

    def cleaning(self) -> Table:
        """Account for every row: kept or rejected."""
        return report.cleaning(self.report)

    def pictures(self) -> Picture:
        """Draw the rows that were kept."""
        return report.pictures(self.report)

    def rows(self, relative: str = TRAINED, number: int = 5) -> Table:
        """Show the first rows of a Parquet file that the run wrote: those trained on, or ``REJECTED``."""
        import pyarrow.parquet as pq

        # In this thread: threads of Arrow keep the memory for longer.
        found = pq.ParquetFile(io.BytesIO(self._read(relative))).read(use_threads=False)
        first = found.slice(0, number).to_pylist()
        filled = [name for name in found.column_names if any(row[name] is not None for row in first)]
        numbers = {name for name in filled if isinstance(first[0][name], float)}
        heads = [f">{name}" if name in numbers else name for name in filled]
        cells = [[each[name] if name in numbers else _text(each[name]) for name in filled] for each in first]
        return Table(f"{relative}: {found.num_rows:,} rows", heads, cells)

    def metrics(self) -> Picture:
        """Plot the metrics of the live run's training."""
        return _drawn([Reader(self.stack).read(self.run)], f"Metrics of run {self.run.run_id}")

    def metrics_of_last(self, runs: int) -> Picture:
        """Plot the metrics of the newest trainings, side by side."""
        return _drawn(newest(self.stack, runs), f"Metrics of the newest {runs} runs")

    def customers(self, *wanted: str) -> list[str]:
        """Return these customers, or others for those that the data does not have; prints which."""
        return customers.present(self.stack, self.run, wanted)

    def batch(self, customer: str, top_n: int = 10) -> SideBySide:
        """Show a customer's latest purchases next to the batch job's recommendations."""
        return customers.compare_with_batch(self.stack, self.run, customer, top_n)

    def real_time(self, customer: str, top_n: int = 10) -> SideBySide:
        """Show a customer's latest purchases next to the API's current recommendations."""
        return customers.compare_with_api(self.stack, self.run, customer, top_n)

    def own_file(
        self, path: str | None, columns: dict[str, str] | None = None
    ) -> tuple[Path | None, dict[str, str]]:
        """Return your file and its columns, or on the local cloud those of an example."""
        return own_dataset.file_or_example(self.stack, path, columns or {})

    def drop(self, path: Path | None, columns: dict[str, str] | None = None, approve: bool = False) -> "Shop":
        """Drop a file, wait until its run is live, and return the shop with this run.

        With ``approve``, a model that the quality gate rejects is deployed anyway.
        """
        if path is None:
            return self
        return type(self)(self.stack, own_dataset.drop(self.stack, path, columns, approve))

    def _read(self, relative: str) -> bytes:
        key = names.run_key(self.run.run_id, relative)
        return self.stack.s3().get_object(Bucket=self.stack.output("DataBucket"), Key=key)["Body"].read()


def _drawn(runs: list[Measured], alternative: str) -> Picture:
    from retailrec.metrics.figures import draw

    return Picture(draw(runs), alternative)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _live(stack: Stack) -> Run | None:
    run_id = stack.ledger().pointer("live")
    return stack.ledger().get(run_id) if run_id else None
