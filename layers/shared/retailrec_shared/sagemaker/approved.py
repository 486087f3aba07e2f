"""The event that says a run's model is approved, from the ledger's word for it."""

from retailrec_shared.core.events import ModelApproved
from retailrec_shared.core.settings import Settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import job_name


def model_approved(run: Run, settings: Settings) -> ModelApproved:
    """Build the event of an approved run."""
    name = job_name(settings, run, Stage.APPROVE)
    return ModelApproved(run_id=run.run_id, model_name=name, metrics=run.metrics)
