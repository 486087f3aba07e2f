"""ModelApproved → SageMaker transform job over every customer."""

from typing import Any

from retailrec_shared.core.events import ModelApproved
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import own_event
from start_batch.batch import start_batch


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Start the batch recommendation of an approved run."""
    start_batch(own_event(ModelApproved, event).run_id)
