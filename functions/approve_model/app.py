"""Training Job State Change → quality gate → model in SageMaker → ModelApproved."""

from typing import Any

from approve_model.approval import judge_training_job
from retailrec_shared.handlers import event_handler
from retailrec_shared.triggers import TrainingJobChanged


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Judge the training job that an event speaks of."""
    judge_training_job(TrainingJobChanged.model_validate(event).detail.name)
