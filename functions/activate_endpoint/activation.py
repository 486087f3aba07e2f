"""Following the endpoint: what serves now, and what should serve next."""

from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.activation import activate_if_ready, supersede_overtaken
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.sagemaker import deployment


def endpoint_changed(name: str) -> None:
    """Note which run the endpoint serves now, make it live, and move it on if it should serve another."""
    if name != settings().endpoint_name:
        logger.info("not our endpoint", endpoint=name)
        return
    state = deployment.describe()
    if state and state.in_service and state.run_id:
        noted = ledger().end_stage(state.run_id, Stage.DEPLOY)
        if noted and activate_if_ready(noted):
            supersede_overtaken(list(ledger().runs()), ledger().pointer("live"))
    deployment.reconcile_endpoint()
