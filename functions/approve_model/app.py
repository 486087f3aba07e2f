"""Training or Tuning Job State Change → quality gate → model in SageMaker → ModelApproved."""

from typing import Any

from approve_model.approval import judge_training_job
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import ModelPackageChanged, TrainingJobChanged, TuningJobChanged

Changed = TrainingJobChanged | TuningJobChanged | ModelPackageChanged
NAMED_BY: dict[str, type[Changed]] = {
    "TrainingJobName": TrainingJobChanged,
    "HyperParameterTuningJobName": TuningJobChanged,
}


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Judge the training job, or the best of a search, or go on with the model package of an event."""
    kinds = (kind for name, kind in NAMED_BY.items() if name in event["detail"])
    judge_training_job(next(kinds, ModelPackageChanged).model_validate(event).detail.name)
