"""Training Job State Change → quality gate → model in SageMaker → ModelApproved."""

from typing import Any

from approve_model.approval import judge_training_job
from retailrec_shared.handlers import event_handler
from retailrec_shared.triggers import ModelPackageChanged, TrainingJobChanged


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Judge the training job, or go on with the model package, that an event speaks of."""
    changed = ModelPackageChanged if "ModelPackageName" in event["detail"] else TrainingJobChanged
    judge_training_job(changed.model_validate(event).detail.name)
