"""Which events a run may have missed, decided from its ledger entry alone."""

from datetime import datetime
from enum import StrEnum

from retailrec_shared.core.status import ENDED, RunStatus, Stage
from retailrec_shared.core.timing import MAX_STEP_GAP
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import timestamp


class Repair(StrEnum):
    """One event to send again."""

    OBJECT_CREATED = "Object Created"
    DATASET_PREPARED = "DatasetPrepared"
    TRAINING_JOB_CHANGED = "SageMaker Training Job State Change"
    TUNING_JOB_CHANGED = "SageMaker HyperParameter Tuning Job State Change"
    MODEL_APPROVED = "ModelApproved"
    TRANSFORM_JOB_CHANGED = "SageMaker Transform Job State Change"
    ENDPOINT_CHANGED = "SageMaker Endpoint State Change"


def repairs(run: Run, now: datetime, needed: frozenset[Stage]) -> list[Repair]:
    """List the events that a run may have missed; a superfluous one does no harm."""
    if run.status in ENDED:
        return []
    age = now - datetime.fromisoformat(run.status_at)
    if age < MAX_STEP_GAP or run.lease.held(timestamp(now)):
        return []
    if run.status is RunStatus.PREPARING:
        return [Repair.OBJECT_CREATED]
    if run.status is RunStatus.PREPARED:
        return [Repair.DATASET_PREPARED]
    if run.status is RunStatus.TRAINING and run.stages[Stage.TRAIN].begins_again:
        return [] if run.stages[Stage.TRAIN].too_early(timestamp(now)) else [Repair.DATASET_PREPARED]
    if run.status is RunStatus.TRAINING:
        return [_of_training(run)]
    return _approved(run, needed, timestamp(now))


def _approved(run: Run, needed: frozenset[Stage], moment: str) -> list[Repair]:
    found = []
    steps = [stage for stage in (Stage.BATCH, Stage.DEPLOY) if stage is Stage.BATCH or stage in needed]
    if any(not run.started(stage) and not run.stages[stage].too_early(moment) for stage in steps):
        found.append(_of_model(run, steps))
    if run.started(Stage.BATCH):
        found.append(Repair.TRANSFORM_JOB_CHANGED)
    if Stage.DEPLOY in needed:
        found.append(Repair.ENDPOINT_CHANGED)
    return found


def _of_training(run: Run) -> Repair:
    return Repair.TUNING_JOB_CHANGED if run.tunes else Repair.TRAINING_JOB_CHANGED


def _of_model(run: Run, steps: list[Stage]) -> Repair:
    """Choose the event for a run whose model is ready, or, if SageMaker does not find it, the one before.

    approve_model creates what is missing, and announces the model again.
    """
    lost = any(run.stages[stage].unsettled_since for stage in steps)
    return _of_training(run) if lost else Repair.MODEL_APPROVED
