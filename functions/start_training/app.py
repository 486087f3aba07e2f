"""DatasetPrepared → SageMaker training or hyperparameter tuning job."""

from typing import Any

from retailrec_shared.core.events import DatasetPrepared
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import own_event
from start_training.training import start_training


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Start the training of a prepared run."""
    start_training(own_event(DatasetPrepared, event).run_id)
