"""Training again on the newest dataset."""

from collections.abc import Iterable
from uuid import uuid4

from retailrec.client.dropping import DroppedRun
from retailrec.client.operating import Operator
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.ledger.datasets import Datasets, Head
from retailrec_shared.ledger.retraining import find_trained
from retailrec_shared.ledger.run import Run

# Its event is sent by this command, not by S3; the reconciler would not send it again.
PATIENCE_SECONDS = 180
NO_DATASET = (
    "There is no dataset to train on: drop a file first (retailrec drop FILE). Drop a file again that an "
    "earlier release has prepared: its rows were not kept."
)


def request_training(stack: Stack, *, force: bool) -> DroppedRun:
    """Request a training on the newest dataset, and return the run; ``before`` if nothing has changed since.

    Raises Problem where there is no dataset, or no run appears.
    """
    head = Datasets(stack.output("LedgerTable"), stack.dynamodb()).head()
    if not head.members:
        raise Problem(NO_DATASET)
    known = list(stack.ledger().runs())
    trained = None if force else _trained(stack, head, known)
    if trained:
        return DroppedRun(trained, before=True)
    # A unique token makes a new run.
    Operator(stack).retrain(uuid4().hex)
    return DroppedRun(_await(stack, known), before=False)


def _trained(stack: Stack, head: Head, runs: Iterable[Run]) -> Run | None:
    newest = stack.ledger().get(head.members[-1].run_id)
    mapping = newest.configuration.get("column_mapping", "") if newest else ""
    configuration = stack.configuration(mapping)
    return find_trained(runs, head.dataset, configuration) if configuration else None


def _await(stack: Stack, known: Iterable[Run]) -> Run:
    before = {run.run_id for run in known}
    for _ in range(round(PATIENCE_SECONDS / stack.poll_seconds)):
        found = [run for run in stack.ledger().runs() if run.dataset.retrains and run.run_id not in before]
        if found:
            return found[0]
        stack.pause()
    raise Problem(
        f"No run appeared within {PATIENCE_SECONDS} s: `retailrec logs` shows what prepare_dataset said."
    )
