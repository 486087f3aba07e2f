"""A stack whose functions no event wakes: each is invoked by hand, in a container, as a user would."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.samlocal.deployed import of_run, values
from local.samlocal.examples import examples
from local.samlocal.invocation import Invocation, invoke
from local.samlocal.values import Values
from retailrec.client.dropping import upload
from retailrec.client.stack import Stack
from retailrec_shared.ledger.run import Run

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 900.0


@dataclass
class Row:
    """One line of the table; the outcome is what the test found in the cloud."""

    function: str
    event: str
    outcome: str = "NOT REACHED"
    duration_ms: float = 0.0
    max_memory_mb: float | None = None
    memory_mb: float | None = None


@dataclass
class World:
    """The stack, the prepared template, and what was invoked so far."""

    stack: Stack
    template: Path
    rows: list[Row] = field(default_factory=list)
    outbox: str = ""  # URL of a queue that hears what the functions announce

    @property
    def base(self) -> Values:
        """What events name when they name no run."""
        assert self.stack.cloud
        return values(self.stack.session, self.stack.cloud)

    def drop(self, path: Path, key: str) -> Values:
        """Upload a file; return what its "Object Created" names."""
        dropped = upload(self.stack, path, key, lambda _sent: None)
        return of_run(self.base, "0" * 16, dropped.key, dropped.etag, None)

    def run_of(self, dropped: Values) -> Run:
        """Find the run of a dropped file in the ledger."""
        runs = self.stack.ledger().runs()
        ours = [run for run in runs if run.upload.key == dropped.key]
        (run,) = [run for run in ours if not run.dataset.retrains and not run.tuning.source_run]
        return run

    def with_run(self, dropped: Values) -> Values:
        """Return what the later events of a dropped file's run name."""
        run = self.run_of(dropped)
        return of_run(dropped, run.run_id, run.upload.key, run.upload.etag, run.upload.version_id)

    def invoke(
        self, function: str, event: str, about: Values | None = None, label: str = ""
    ) -> tuple[Row, Invocation]:
        """Invoke a function with an example event about something; a function that raises fails the test."""
        row = Row(function, label or event)
        self.rows.append(row)
        path = ROOT / "events" / f"{event}.json"
        if about:
            path = self.template.parent / "invoked" / f"{len(self.rows):02}-{event}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(examples(about)[event]))
        made = invoke(self.template, function, path)
        row.duration_ms, row.max_memory_mb = made.duration_ms, made.max_memory_mb
        row.memory_mb = made.memory_limit_mb
        assert not made.failed, made.log
        return row, made

    def announced(self) -> list[dict[str, Any]]:
        """Take the events out of the outbox that were announced since the last look."""
        queue, found = self.stack._client("sqs"), []
        while messages := queue.receive_message(QueueUrl=self.outbox, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                queue.delete_message(QueueUrl=self.outbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def kinds_announced(self) -> list[str]:
        """Names of the pipeline's events that were announced since the last look."""
        return [event["detail-type"] for event in self.announced() if event["source"] == "retailrec"]

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Wait for SageMaker to get on."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not done():
            assert time.monotonic() < deadline, f"{what} took too long"
            time.sleep(0.3)

    def report(self) -> dict[str, Any]:
        """What build/sam-local/report.json holds."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "functions": sorted({r.function for r in self.rows}),
        }


def quiet_rules(stack: Stack) -> None:
    """Let no event wake a function."""
    client = stack._client("events")
    for bus in ("default", stack.name):
        for rule in client.list_rules(EventBusName=bus)["Rules"]:
            client.disable_rule(Name=rule["Name"], EventBusName=bus)


def open_outbox(stack: Stack) -> str:
    """Make a queue that hears the pipeline's events and the replays; return its URL."""
    queue = stack._client("sqs")
    url = str(queue.create_queue(QueueName="sam-local-outbox")["QueueUrl"])
    arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = stack._client("events")
    for bus, source in ((stack.name, "retailrec"), ("default", "retailrec.sagemaker")):
        pattern = json.dumps({"source": [source]})
        events.put_rule(Name="sam-local-outbox", EventBusName=bus, EventPattern=pattern)
        target = {"Id": "outbox", "Arn": arn}
        events.put_targets(Rule="sam-local-outbox", EventBusName=bus, Targets=[target])
    return url
