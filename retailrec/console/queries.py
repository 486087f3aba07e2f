"""What the page reads of a stack, each query in one method."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from retailrec.client.problems import Problem
from retailrec.console.batch import batch_recommendations
from retailrec.console.customer_ids import CustomerIds, search
from retailrec.console.metric_charts import comparison_table, epochs_chart, previous, runs_chart
from retailrec.console.metric_names import epoch_label, metric_label, own_metrics
from retailrec.console.run_data import metric_row, run_page, run_row
from retailrec.console.stack_session import OpenSession, StackSession
from retailrec.metrics.epochs import read_progress
from retailrec.metrics.measured import training_job
from retailrec.metrics.training_log import read_training_log
from retailrec.views.quality import find_quality, read_page
from retailrec_shared.charts.markup import Markup
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core.status import ENDED, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.table import Serving

Json = dict[str, Any]
MAX_RUNS = 200
HISTORY = 50


class Unknown(Problem):
    """What the page asked for does not exist."""


class Queries:
    """Reads one stack for the page; caches what cannot change any more."""

    def __init__(self, open_session: OpenSession) -> None:
        self._open = open_session
        self._customers = CustomerIds()
        self._qualities: dict[str, QualityReport] = {}
        self._latest: dict[str, Json] = {}
        self._finished: set[str] = set()

    def stack(self) -> Json:
        """Describe the stack, with the run that is live."""
        session = self._open()
        return {
            "stack": session.stack.name,
            "local": session.stack.cloud is not None,
            "region": session.stack.session.region_name,
            "raw_bucket": session.stack.output("RawBucket"),
            "api_url": session.stack.api_url,
            "live": session.ledger.pointer("live"),
        }

    def runs(self) -> Json:
        """List the runs, the newest upload first."""
        session = self._open()
        live = session.ledger.pointer("live")
        runs = [run_row(run, live) for run in session.ledger.runs(MAX_RUNS)]
        return {"runs": runs, "poll_seconds": _poll_seconds(session)}

    def run(self, run_id: str) -> Json:
        """Read a run in full."""
        session = self._open()
        run = _run(session, run_id)
        quality = self._quality(session, run) if run.counts else None
        page = run_page(run, session.ledger.pointer("live"), quality, datetime.now(UTC))
        return page | {"poll_seconds": _poll_seconds(session)}

    def report(self, run_id: str) -> bytes:
        """Read the page of a run's quality report."""
        session = self._open()
        page = read_page(session.stack, _run(session, run_id))
        if page is None:
            raise Unknown("This run has no quality report: its file was refused, or is not prepared yet.")
        return page

    def metrics(self) -> Json:
        """List the runs that train or have metrics, the oldest first, and the names of these metrics."""
        session = self._open()
        runs = _metric_rows(session)
        names = own_metrics(run["metrics"] for run in runs)
        return {
            "runs": runs,
            "names": [{"name": name, "label": metric_label(name)} for name in names],
            "live": session.ledger.pointer("live"),
        }

    def runs_chart(self, name: str, run_id: str) -> Markup:
        """Draw a metric over the runs; ``run_id`` is the one that the reader has chosen."""
        return runs_chart(_metric_rows(self._open()), name, run_id)

    def comparison(self, run_id: str) -> Markup:
        """List a run's metrics, next to those of the baselines and of the model before it."""
        runs = _metric_rows(self._open())
        return comparison_table(_row(runs, run_id), previous(runs, run_id))

    def epochs_chart(self, run_id: str, name: str) -> Markup:
        """Draw a metric over the epochs of a run's training."""
        progress = self._latest.get(run_id) or self.progress(run_id)
        points = next((each["points"] for each in progress["series"] if each["name"] == name), None)
        if points is None:
            raise Unknown("This training has logged no such metric.")
        runs = _metric_rows(self._open())
        return epochs_chart(points, name, _row(runs, run_id), previous(runs, run_id))

    def progress(self, run_id: str) -> Json:
        """Read the metrics that a run's training logged, epoch by epoch."""
        if run_id in self._finished:
            return self._latest[run_id]
        session = self._open()
        run = _run(session, run_id)
        over = run.ended(Stage.TRAIN) or run.status in ENDED
        lines = read_training_log(session.logs, training_job(session.stack.name, run))
        progress = read_progress(lines).document() | {"run_id": run_id, "training": not over}
        for series in progress["series"]:
            series["label"] = epoch_label(series["name"])
        progress["poll_seconds"] = _poll_seconds(session)
        self._latest[run_id] = progress
        if over and progress["series"]:
            self._finished.add(run_id)
        return progress

    def customers(self, text: str) -> Json:
        """Search the live run's customers."""
        session = self._open()
        run_id = _live(session)
        ids = self._customers.of_run(session.s3, session.stack.output("DataBucket"), run_id)
        found, count = search(ids, text)
        return {"run_id": run_id, "customers": found, "found": count, "total": len(ids)}

    def purchases(self, customer: str) -> Json:
        """Read a customer's latest purchases."""
        return self._open().api.purchases(customer, HISTORY).model_dump(mode="json")

    def batch(self, customer: str, top_n: int, exclude_purchased: bool, exclude: Collection[str]) -> Json:
        """Read what the batch job recommended to a customer."""
        session = self._open()
        serving = Serving(session.stack.output("ServingTable"), session.dynamodb)
        run_id = _live(session)
        found = batch_recommendations(serving, run_id, customer, top_n, exclude_purchased, exclude)
        if found is None:
            raise Unknown(f"The batch job of the live run has no customer {customer}.")
        return found

    def real_time(self, customer: str, top_n: int, exclude_purchased: bool, exclude: Collection[str]) -> Json:
        """Request a customer's recommendations of this moment from the REST API."""
        answer = self._open().api.explained(customer, top_n, exclude_purchased, tuple(exclude))
        return answer.model_dump(mode="json")

    def similar(self, item: str, top_n: int) -> Json:
        """Request the items that are similar to one from the REST API."""
        return self._open().api.similar(item, top_n).model_dump(mode="json")

    def _quality(self, session: StackSession, run: Run) -> QualityReport | None:
        if run.run_id not in self._qualities:
            found = find_quality(session.stack, run)
            if found is None:
                return None
            self._qualities[run.run_id] = found
        return self._qualities[run.run_id]


def _poll_seconds(session: StackSession) -> float:
    return max(1.0, session.stack.poll_seconds)


def _run(session: StackSession, run_id: str) -> Run:
    run = session.ledger.get(run_id)
    if run is None:
        raise Unknown("There is no run with this id.")
    return run


def _metric_rows(session: StackSession) -> list[Json]:
    """List the runs that train or have metrics, the oldest upload first."""
    runs = session.ledger.runs(MAX_RUNS)
    return [metric_row(run) for run in runs if run.metrics or run.started(Stage.TRAIN)][::-1]


def _row(runs: Sequence[Json], run_id: str) -> Json:
    found = next((run for run in runs if run["run_id"] == run_id), None)
    if found is None:
        raise Unknown("This run has no metrics yet.")
    return found


def _live(session: StackSession) -> str:
    run_id = session.ledger.pointer("live")
    if run_id is None:
        raise Unknown("No model is live yet: drop a file, and come back when its run is live.")
    return run_id
