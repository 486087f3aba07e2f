"""What the page may ask of a stack, each question in one method."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from retailrec.client.problems import Problem
from retailrec.console.batch import batch_answer
from retailrec.console.customer_ids import CustomerIds, search
from retailrec.console.stack_session import OpenSession, StackSession
from retailrec.console.run_data import metric_row, run_page, run_row
from retailrec.metrics.epochs import read_progress
from retailrec.metrics.measured import training_job
from retailrec.metrics.training_log import read_training_log
from retailrec.views.quality import Quality, find_quality, read_page
from retailrec_shared.core.status import ENDED, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.table import Serving

Json = dict[str, Any]
MAX_RUNS = 200
HISTORY = 50


class Unknown(Problem):
    """What was asked for is not there."""


class Queries:
    """Answers the page's questions about one stack, remembering what cannot change any more."""

    def __init__(self, opener: OpenSession) -> None:
        self._opener = opener
        self._customers = CustomerIds()
        self._qualities: dict[str, Quality] = {}
        self._progress: dict[str, Json] = {}

    def stack(self) -> Json:
        """Tell which stack this is, and which run serves."""
        session = self._opener()
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
        session = self._opener()
        live = session.ledger.pointer("live")
        runs = [run_row(run, live) for run in session.ledger.runs(MAX_RUNS)]
        return {"runs": runs, "poll_seconds": _poll_seconds(session)}

    def run(self, run_id: str) -> Json:
        """Tell all of a run."""
        session = self._opener()
        run = _run(session, run_id)
        quality = self._quality(session, run) if run.counts else None
        told = run_page(run, session.ledger.pointer("live"), quality, datetime.now(UTC))
        return told | {"poll_seconds": _poll_seconds(session)}

    def report(self, run_id: str) -> bytes:
        """Read the quality report's page."""
        session = self._opener()
        page = read_page(session.stack, _run(session, run_id))
        if page is None:
            raise Unknown("This run has no quality report: it was not prepared yet, or its file was refused.")
        return page

    def metrics(self) -> Json:
        """List the metrics of all runs that have some, the oldest first."""
        session = self._opener()
        runs = [
            metric_row(run) for run in session.ledger.runs(MAX_RUNS) if run.metrics or run.started(Stage.TRAIN)
        ]
        return {"runs": runs[::-1], "live": session.ledger.pointer("live")}

    def progress(self, run_id: str) -> Json:
        """Tell the metrics that a run's training logged, epoch by epoch."""
        if run_id in self._progress:
            return self._progress[run_id]
        session = self._opener()
        run = _run(session, run_id)
        over = run.ended(Stage.TRAIN) or run.status in ENDED
        lines = read_training_log(session.logs, training_job(session.stack.name, run))
        told = read_progress(lines).document() | {"run_id": run_id, "training": not over}
        told["poll_seconds"] = _poll_seconds(session)
        if over and told["series"]:
            self._progress[run_id] = told
        return told

    def customers(self, text: str) -> Json:
        """Search the live run's customers."""
        session = self._opener()
        run_id = _live(session)
        ids = self._customers.of_run(session.s3, session.stack.output("DataBucket"), run_id)
        found, count = search(ids, text)
        return {"run_id": run_id, "customers": found, "found": count, "total": len(ids)}

    def purchases(self, customer: str) -> Json:
        """Tell a customer's latest purchases."""
        return self._opener().api.purchases(customer, HISTORY).model_dump(mode="json")

    def batch(self, customer: str, top_n: int, exclude_purchased: bool, exclude: Collection[str]) -> Json:
        """Tell what the batch job recommended to a customer."""
        session = self._opener()
        serving = Serving(session.stack.output("ServingTable"), session.dynamodb)
        run_id = _live(session)
        found = batch_answer(serving, run_id, customer, top_n, exclude_purchased, exclude)
        if found is None:
            raise Unknown(f"The live run's batch job knows no customer {customer}.")
        return found

    def real_time(self, customer: str, top_n: int, exclude_purchased: bool, exclude: Collection[str]) -> Json:
        """Ask the REST API what it recommends to a customer now."""
        answer = self._opener().api.explained(customer, top_n, exclude_purchased, tuple(exclude))
        return answer.model_dump(mode="json")

    def similar(self, item: str, top_n: int) -> Json:
        """Ask the REST API which items are like one."""
        return self._opener().api.similar(item, top_n).model_dump(mode="json")

    def _quality(self, session: StackSession, run: Run) -> Quality | None:
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
        raise Unknown("There is no such run.")
    return run


def _live(session: StackSession) -> str:
    run_id = session.ledger.pointer("live")
    if run_id is None:
        raise Unknown("No model is live yet: drop a file, and come back when its run is live.")
    return run_id
