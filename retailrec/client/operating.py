"""Operators' actions on runs: a conditional write to the ledger, then the event that invokes a function."""

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

TRIES = 5


class Operator:
    """An operator's actions on one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ledger = OperatorsLedger(stack.output("LedgerTable"), stack.aws("dynamodb"))

    def live(self) -> Run | None:
        """Return the run that serves."""
        run_id = self._ledger.pointer("live")
        return self._ledger.get(run_id) if run_id else None

    def retry(self, run_id: str) -> Run:
        """Continue a failed run from the failed stage."""
        run = self._change(run_id, lambda run: operators.retry(run, self.live()))
        if run.status is RunStatus.APPROVED:
            self._ledger.forget_endpoint_request(run.run_id)
        self.wake(run)
        return run

    def approve(self, run_id: str) -> Run:
        """Approve a run that the quality gate rejected."""
        run = self._change(run_id, lambda run: operators.approve(run, self.live()))
        self.wake(run)
        return run

    def stop(self, run_id: str) -> Run:
        """Stop a run in progress; the reconciler stops its jobs."""
        prefix = names.resource_prefix(self._stack.name)
        run = self._change(run_id, lambda run: operators.stop(run, prefix))
        event = announcement(run)
        if event:
            self._publish(event)
            self._ledger.note_announced(run)
        return run

    def roll_back_target(self, run_id: str | None) -> tuple[Run, Run]:
        """Return the run to make live again, and the live one; raises Problem if there is none."""
        live = self.live()
        if live is None:
            raise Problem("No run is live yet: there is nothing to roll back.")
        runs = list(self._ledger.runs())
        try:
            chosen = None if run_id else operators.roll_back_target(runs, live, self._needed())
            target = self._ledger.get(run_id or (chosen.run_id if chosen else ""))
            if target is None:
                raise Problem(f"Run {run_id} is no longer in the ledger.")
            operators.refuse_roll_back(target, live, self._needed())
        except Rejected as refusal:
            raise Problem(str(refusal)) from None
        return target, live

    def roll_back(self, target: Run, live: Run) -> None:
        """Make a run live again instead of the live one; raises Problem when either has changed since."""
        reason = f"An operator rolled back to run {target.run_id}."
        if not self._ledger.roll_back(target, live, reason):
            raise Problem(
                "The runs have changed in the meantime, and nothing was done: look at `retailrec runs`, and "
                "try again."
            )
        self._ledger.forget_endpoint_request(target.run_id)
        self._put(replay.endpoint_changed(self._stack.output("EndpointName")))

    def retrain(self, token: str) -> None:
        """Request a training on the newest dataset; one token makes one run."""
        self._put(replay.retraining_requested(self._stack.name, token))

    def _needed(self) -> frozenset[Stage]:
        return stages_needed(self._stack.parameters.get("EndpointMode", "serverless"))

    def _change(self, run_id: str, decide: Callable[[Run], Change]) -> Run:
        """Decide on the current run and write the change; repeat if the run has changed in between."""
        for _ in range(TRIES):
            run = self._ledger.get(run_id)
            if run is None:
                raise Problem(f"Run {run_id} is no longer in the ledger: `retailrec runs` lists the runs.")
            try:
                change = decide(run)
            except Rejected as refusal:
                raise Problem(str(refusal)) from None
            changed = self._ledger.update(run, change.to, change.stages, **change.fields)
            if changed:
                return changed
        raise Problem(f"Run {run_id} is being changed by others: try again in a minute.")

    def wake(self, run: Run) -> None:
        """Send the event that continues a run; without it, the reconciler does so a few minutes later."""
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
        # approve_model makes sure that the model exists, and sends ModelApproved again.
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
                f"The change is saved, but the event bus refused its event "
                f"({answer['Entries'][0].get('ErrorMessage')}): the reconciler continues the run within "
                "ten minutes."
            )


def headline(run: Run) -> str:
    """Describe a run in short: id, file, and precision."""
    held_out = run.metrics.get(CONTRACT_METRIC)
    figure = f", {CONTRACT_METRIC} {held_out:.4f}" if held_out is not None else ""
    return f"{run.run_id} ({run.upload.key}{figure})"
