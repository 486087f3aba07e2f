"""The event that says a run's model is approved, from the ledger's word for it."""

from retailrec_shared.events import ModelApproved
from retailrec_shared.run import Run
from retailrec_shared.sagemaker_requests import job_name
from retailrec_shared.settings import Settings
from retailrec_shared.status import Stage


def model_approved(run: Run, settings: Settings) -> ModelApproved:
    """Build the event of an approved run."""
    name = job_name(settings, run, Stage.APPROVE)
    return ModelApproved(run_id=run.run_id, model_name=name, metrics=run.metrics)
