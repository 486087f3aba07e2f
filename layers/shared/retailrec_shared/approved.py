"""The event that says a run's model is approved, from the ledger's word for it."""

from retailrec_shared import names
from retailrec_shared.events import ModelApproved
from retailrec_shared.run import Run
from retailrec_shared.settings import Settings


def model_approved(run: Run, settings: Settings) -> ModelApproved:
    """Build the event of an approved run."""
    name = names.resource_name(settings.resource_prefix, run.run_id)
    return ModelApproved(run_id=run.run_id, model_name=name, metrics=run.metrics)
