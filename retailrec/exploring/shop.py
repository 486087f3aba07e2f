"""A stack as a notebook explores it: on AWS or on this laptop, by the same calls."""

import io
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.exploring import customers, own, report
from retailrec.exploring.display import Beside, Picture, Table
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
    def open(cls, name: str | None = None) -> Self:
        """Open a stack by name, else the one that ``RETAILREC_STACK`` names, else the local cloud's.

        Where no run is live yet on the local cloud, a file is dropped first; on AWS that is yours to do.
        """
        stack = Stack.open(name or os.environ.get(STACK) or None)
        run = _live(stack)
        if run is None and stack.cloud is None:
            raise Problem(f"No run is live: drop a file first, `retailrec drop FILE --stack {stack.name}`.")
        return cls(stack, run or own.drop(stack, own.first_file()))

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
        """Tell whether this is the local cloud."""
        return self.stack.cloud is not None

    @property
    def endpoint(self) -> str:
        """Name of the SageMaker endpoint."""
        return self.stack.output("EndpointName")

    @property
    def has_endpoint(self) -> bool:
        """Tell whether a model answers in real time; in endpoint mode "none" the batch alone does."""
        return self.stack.parameters.get("EndpointMode") != "none"

    def client(self, service: str) -> Any:
        """Return boto3's client of a service, for this stack."""
        return self.stack.aws(service)

    def get(self, path: str) -> Any:
        """GET a path of the REST API, signed with your credentials."""
        return self.stack.api().get(path)

    @cached_property
    def report(self) -> dict[str, Any]:
        """Return the run's quality report, whole."""
        read: dict[str, Any] = json.loads(self._read(names.QUALITY_REPORT_JSON))
        return read

    def raw_facts(self) -> Table:
        """Tell what the file holds, before any cleaning."""
        return report.raw_facts(self.report)

    def cleaning(self) -> Table:
        """Tell what became of each row."""
        return report.cleaning(self.report)

    def pictures(self) -> Picture:
        """Draw the rows that were kept."""
        return report.pictures(self.report)

    def rows(self, relative: str = TRAINED, number: int = 5) -> Table:
        """Show the first rows of a Parquet file that the run wrote: those trained on, or ``REJECTED``."""
        import pyarrow.parquet as pq

        # In this thread: Arrow's own would keep the bytes, and release them whenever they like.
        found = pq.ParquetFile(io.BytesIO(self._read(relative))).read(use_threads=False)
        first = found.slice(0, number).to_pylist()
        filled = [name for name in found.column_names if any(row[name] is not None for row in first)]
        numbers = {name for name in filled if isinstance(first[0][name], float)}
        heads = [f">{name}" if name in numbers else name for name in filled]
        cells = [[each[name] if name in numbers else _text(each[name]) for name in filled] for each in first]
        return Table(f"{relative}: {found.num_rows:,} rows", heads, cells)

    def metrics(self) -> Picture:
        """Draw what the training of the live run measured."""
        return _drawn([Reader(self.stack).read(self.run)], f"Metrics of run {self.run.run_id}")

    def metrics_of_last(self, runs: int) -> Picture:
        """Draw what the newest trainings measured, beside each other."""
        return _drawn(newest(self.stack, runs), f"Metrics of the newest {runs} runs")

    def customers(self, *wanted: str) -> list[str]:
        """Return these customers, or where the data has none of an id, another customer for it; says so."""
        return customers.present(self.stack, self.run, wanted)

    def batch(self, customer: str, top_n: int = 10) -> Beside:
        """Show a customer's latest purchases beside what the batch job recommends."""
        return customers.beside_batch(self.stack, self.run, customer, top_n)

    def real_time(self, customer: str, top_n: int = 10) -> Beside:
        """Show a customer's latest purchases beside what the API recommends now."""
        return customers.beside_real_time(self.stack, self.run, customer, top_n)

    def own_file(
        self, path: str | None, columns: dict[str, str] | None = None
    ) -> tuple[Path | None, dict[str, str]]:
        """Return your file and its columns, or on the local cloud those of a made-up one."""
        return own.file_or_example(self.stack, path, columns or {})

    def drop(self, path: Path | None, columns: dict[str, str] | None = None, approve: bool = False) -> "Shop":
        """Drop a file, wait until its run is live, and return the shop as it is then.

        With ``approve``, a model that the quality gate holds is deployed all the same.
        """
        if path is None:
            return self
        return type(self)(self.stack, own.drop(self.stack, path, columns, approve))

    def _read(self, relative: str) -> bytes:
        key = names.run_key(self.run.run_id, relative)
        return self.stack.s3().get_object(Bucket=self.stack.output("DataBucket"), Key=key)["Body"].read()


def _drawn(runs: list[Measured], said: str) -> Picture:
    from retailrec.metrics.figures import draw

    return Picture(draw(runs), said)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _live(stack: Stack) -> Run | None:
    run_id = stack.ledger().pointer("live")
    return stack.ledger().get(run_id) if run_id else None
