"""The steps of a smoke test: each returns what it found, and raises Problem for what is wrong."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from retailrec.client.dropping import await_run, upload
from retailrec.client.following import follow
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec.removal.identity import describe, identify
from retailrec.removal.inventory import find
from retailrec.removal.removing import remove
from retailrec.views.stages import view_stages
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from scripts.smoke.places import Aws
from scripts.smoke.record import Facts, Record

ROWS = 20_000
UNKNOWN_CUSTOMER = "nobody / @+?=%41"
TOP_N = 10
Say = Callable[[str], None]


class Steps:
    """The steps in one place; what one finds, the others read from the record."""

    def __init__(self, place: Aws, record: Record, say: Say) -> None:
        self._place, self._record, self._say = place, record, say

    def forward(self) -> Mapping[str, Callable[[], Facts]]:
        """Return the steps until everything was looked at, by name, in their order."""
        return {
            "account": self._account, "image": self._image, "build": self._build, "deploy": self._deploy,
            "drop": self._drop, "live": self._live, "API": self._api, "batch": self._batch,
            "metrics": self._metrics, "alarms": self._alarms,
        }  # fmt: skip

    def back(self) -> Mapping[str, Callable[[], Facts]]:
        """Return the steps that remove everything again."""
        return {"destroy": self._destroy, "nothing left": self._nothing_left}

    def _account(self) -> Facts:
        """Refuse a stack that is there already: whatever is in it, this test would delete it."""
        if describe(self._place.client("cloudformation"), self._place.stack) is not None:
            raise Problem(f"There is a stack {self._place.stack} already: choose another name, STACK=…")
        found = find(identify(self._place.stack, self._place.client), self._place.client)
        if not found.nothing(data=True):
            raise Problem(
                f"An earlier stack {self._place.stack} left something: look at it with `retailrec destroy "
                f"--data --stack {self._place.stack}`, or choose another name, STACK=…"
            )
        return {"region": self._place.region, "look_alikes": found.doubtful}

    def _image(self) -> Facts:
        return {"image": self._place.push()}

    def _build(self) -> Facts:
        self._place.build()
        return {}

    def _deploy(self) -> Facts:
        self._place.deploy(str(self._record.fact("image")))
        stack = self._place.open()
        identity = identify(self._place.stack, self._place.client)
        if identity.status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise Problem(f"{self._place.stack} is {identity.status}.")
        return {"stack_id": identity.id, "status": identity.status, "outputs": sorted(stack.outputs)}

    def _drop(self) -> Facts:
        stack, path = self._place.open(), self._place.folder / "smoke.csv"
        write(path, Shape.of_rows(ROWS), seed=7)
        dropped = upload(stack, path, path.name, lambda _sent: None)
        began = time.monotonic()
        found = await_run(stack, dropped, self._say)
        return {
            "rows": ROWS,
            "run": found.run.run_id,
            "seconds_until_run": round(time.monotonic() - began, 1),
        }

    def _run(self, stack: Stack) -> Run:
        run = stack.ledger().get(str(self._record.fact("run")))
        if run is None:
            raise Problem("The run is not in the ledger.")
        return run

    def _live(self) -> Facts:
        stack = self._place.open()
        run = follow(stack, self._run(stack), _nothing)
        if run.status is not RunStatus.LIVE:
            raise Problem(f"The run ended as {run.status}: {run.outcome.reason}")
        views = view_stages(run, datetime.now(UTC))
        taken = {str(view.stage): round(view.seconds, 1) for view in views if view.seconds is not None}
        return {"stages": taken, "p@k(10)": run.metrics.get("p@k(10)"), "endpoint": self._endpoint(stack)}

    def _endpoint(self, stack: Stack) -> str:
        return str(
            stack.sagemaker().describe_endpoint(EndpointName=stack.output("EndpointName"))["EndpointStatus"]
        )

    def _api(self) -> Facts:
        stack, run = self._place.open(), str(self._record.fact("run"))
        api = stack.api()
        customer = str(api.get("customers?limit=1")["customers"][0])
        known = self._until(
            "the endpoint answers for the new run",
            lambda: api.recommendations(customer, TOP_N),
            lambda answer: answer.source == "endpoint" and answer.run_id == run,
        )
        unknown = api.recommendations(UNKNOWN_CUSTOMER, TOP_N)
        item = known.recommendations[0].item_id
        similar = api.similar(item, TOP_N)
        refused = httpx.get(f"{stack.api_url}/model", trust_env=self._place.has_metrics).status_code
        found = {
            "source": known.source, "recommendations": len(known.recommendations),
            "source_unknown_customer": unknown.source, "similar": len(similar.items),
            "model_run_is_this": api.get("model")["run_id"] == run, "unsigned": refused,
        }  # fmt: skip
        expected = {"recommendations": TOP_N, "model_run_is_this": True, "unsigned": 403}
        wrong = {name: found[name] for name, value in expected.items() if found[name] != value}
        if wrong or not str(unknown.source).startswith("popular") or not similar.items:
            raise Problem(f"The API's answers are not as expected: {found}")
        return found

    def _batch(self) -> Facts:
        stack, run = self._place.open(), str(self._record.fact("run"))
        key = names.run_key(run, names.RECOMMENDATIONS_PARQUET)
        stored = stack.s3().head_object(Bucket=stack.output("DataBucket"), Key=key)
        counts = self._run(stack).counts
        return {"parquet_bytes": stored["ContentLength"], "counts": dict(counts)}

    def _metrics(self) -> Facts:
        if not self._place.has_metrics:
            return {"not_looked_at": "CloudWatch's metrics, which the local cloud does not keep"}
        stack = self._place.open()
        cloudwatch, now = stack.aws("cloudwatch"), datetime.now(UTC)
        live = {
            "Namespace": "retailrec", "MetricName": "Runs_live", "Statistics": ["Sum"], "Period": 300,
            "Dimensions": [{"Name": "service", "Value": self._place.stack}],
            "StartTime": now - timedelta(hours=6), "EndTime": now + timedelta(minutes=10),
        }  # fmt: skip
        points = self._until(
            "CloudWatch shows the run that went live",
            lambda: cloudwatch.get_metric_statistics(**live)["Datapoints"],
            bool,
        )
        return {"Runs_live": sum(point["Sum"] for point in points)}

    def _alarms(self) -> Facts:
        stack = self._place.open()
        identity = identify(self._place.stack, self._place.client)
        logical = {each.physical: each.logical for each in identity.resources}
        asked = list(identity.recorded("AWS::CloudWatch::Alarm"))
        alarms = {
            logical[alarm["AlarmName"]]: alarm["StateValue"]
            for alarm in stack.aws("cloudwatch").describe_alarms(AlarmNames=asked)["MetricAlarms"]
        }
        if len(alarms) < len(asked):
            raise Problem(f"Of {len(asked)} alarms CloudWatch knows {sorted(alarms)}.")
        waiting = stack.aws("sqs").get_queue_attributes(
            QueueUrl=stack.output("DeadLetters"), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]["ApproximateNumberOfMessages"]
        if "ALARM" in alarms.values() or int(waiting):
            raise Problem(f"Alarms: {alarms}; events in the dead-letter queue: {waiting}.")
        return {"alarms": alarms, "dead_letters": int(waiting)}

    def _until(self, what: str, ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + self._place.patience
        while not enough(answer := ask()):
            if time.monotonic() > deadline:
                raise Problem(
                    f"It did not happen in {self._place.patience:.0f} seconds that {what}: {answer}"
                )
            time.sleep(self._place.pause)
        return answer

    def _destroy(self) -> Facts:
        client = self._place.client
        identity = identify(self._place.stack, client)
        found = find(identity, client)
        remove(identity, found, client, data=True, say=self._say, pause=self._place.pause)
        return {"buckets": len(found.buckets), "in_sagemaker": len(found.outside)}

    def _nothing_left(self) -> Facts:
        found = find(identify(self._place.stack, self._place.client), self._place.client)
        look_alikes = set(found.doubtful) - set(self._record.fact("look_alikes") or [])
        left = [*found.outside, *found.buckets, *found.log_groups, *found.roles, *sorted(look_alikes)]
        if left:
            raise Problem(f"This is left: {', '.join(left)}")
        return {}


def _nothing(_run: Run) -> None:
    """Show nothing of a run."""
