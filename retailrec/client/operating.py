"""What operators ask of runs: one conditional write to the ledger, then the event that wakes a function."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.core import bus, events, names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.status import RunStatus, Stage, stages_needed
from retailrec_shared.ledger import operators, replay
from retailrec_shared.ledger.announcements import announcement
from retailrec_shared.ledger.operators import Change
from retailrec_shared.ledger.operators_ledger import OperatorsLedger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

ATTEMPTS = 5


class Operator:
    """An operator at work on one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ledger = OperatorsLedger(stack.output("LedgerTable"), stack.aws("dynamodb"))

    def live(self) -> Run | None:
        """Return the run that serves."""
        run_id = self._ledger.pointer("live")
        return self._ledger.get(run_id) if run_id else None

    def retry(self, run_id: str) -> Run:
        """Let a failed run go on from the failed stage."""
        run = self._change(run_id, lambda run: operators.retry(run, self.live()))
        if run.status is RunStatus.APPROVED:
            self._ledger.forget_endpoint_request(run.run_id)
        self.wake(run)
        return run

    def approve(self, run_id: str) -> Run:
        """Let a run go on that the quality gate held."""
        run = self._change(run_id, lambda run: operators.approve(run, self.live()))
        self.wake(run)
        return run

    def stop(self, run_id: str) -> Run:
        """End a run that is on its way; the reconciler stops its jobs."""
        prefix = names.resource_prefix(self._stack.name)
        run = self._change(run_id, lambda run: operators.stop(run, prefix))
        event = announcement(run)
        if event:
            self._publish(event)
            self._ledger.note_announced(run)
        return run

    def roll_back_target(self, run_id: str | None) -> tuple[Run, Run]:
        """Choose which run is to serve again, and return it and the live one; raises Problem if none can."""
        live = self.live()
        if live is None:
            raise Problem("No run is live yet: there is nothing to roll back.")
        runs = list(self._ledger.runs())
        try:
            chosen = None if run_id else operators.roll_back_target(runs, live, self._needed())
            target = self._ledger.get(run_id or (chosen.run_id if chosen else ""))
            if target is None:
                raise Problem(f"Run {run_id} has left the ledger.")
            operators.refuse_roll_back(target, live, self._needed())
        except Rejected as refusal:
            raise Problem(str(refusal)) from None
        return target, live

    def roll_back(self, target: Run, live: Run) -> None:
        """Let a run serve again in the live one's place; raises Problem when they have moved since."""
        reason = f"An operator rolled back to run {target.run_id}."
        if not self._ledger.roll_back(target, live, reason):
            raise Problem(
                "The runs moved while you were asked, and nothing was changed: look at `retailrec runs`, and "
                "try again."
            )
        self._ledger.forget_endpoint_request(target.run_id)
        self._put(replay.endpoint_changed(self._stack.output("EndpointName")))

    def retrain(self, token: str) -> None:
        """Have the newest dataset trained anew; one token makes one run."""
        self._put(replay.retraining_requested(self._stack.name, token))

    def _needed(self) -> frozenset[Stage]:
        return stages_needed(self._stack.parameters.get("EndpointMode", "serverless"))

    def _change(self, run_id: str, decide: Callable[[Run], Change]) -> Run:
        """Decide on the run as it is now and write that, again should it move in between."""
        for _ in range(ATTEMPTS):
            run = self._ledger.get(run_id)
            if run is None:
                raise Problem(f"Run {run_id} has left the ledger: was the stack deployed anew?")
            try:
                change = decide(run)
            except Rejected as refusal:
                raise Problem(str(refusal)) from None
            changed = self._ledger.update(run, change.to, change.stages, **change.fields)
            if changed:
                return changed
        raise Problem(f"Run {run_id} moves faster than it can be changed: try again in a minute.")

    def wake(self, run: Run) -> None:
        """Send the event that lets a run go on; the reconciler would, a few minutes later."""
        match run.status:
            case RunStatus.PREPARING:
                if run.dataset.retrains:
                    self._put(replay.retraining_requested(self._stack.name, run_id=run.run_id))
                else:
                    self._put(replay.object_created(run.upload, run.run_id))
            case RunStatus.PREPARED:
                self._publish(events.DatasetPrepared.of(run.run_id, run.counts))
            case RunStatus.TRAINING:
                self._put(replay.training_changed(names.resource_prefix(self._stack.name), run))
            case RunStatus.APPROVED:
                self._wake_approved(run)

    def _wake_approved(self, run: Run) -> None:
        prefix = names.resource_prefix(self._stack.name)
        # Whoever approved the model sees to it that there is one, and says ModelApproved again.
        self._put(replay.training_changed(prefix, run))
        if run.started(Stage.BATCH):
            job = names.resource_name(prefix, run.run_id, run.attempt(Stage.BATCH))
            self._put(replay.transform_job_changed(job))

    def _publish(self, event: events.Event) -> None:
        self._put(bus.entry(event, self._stack.output("EventBus")))

    def _put(self, entry: "PutEventsRequestEntryTypeDef") -> None:
        answer = self._stack.aws("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise Problem(
                "It is written down, but the event bus did not take the news "
                f"({answer['Entries'][0].get('ErrorMessage')}): the reconciler goes on within ten minutes."
            )


def headline(run: Run) -> str:
    """Name a run as people know it: id, file, and how well it does."""
    held_out = run.metrics.get(CONTRACT_METRIC)
    figure = f", {CONTRACT_METRIC} {held_out:.4f}" if held_out is not None else ""
    return f"{run.run_id} ({run.upload.key}{figure})"
