"""Reacts to changes of the endpoint: the run that serves goes live, and the next one is requested."""

from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.activation import activate_if_ready, supersede_overtaken
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.sagemaker import deployment


def endpoint_changed(name: str) -> None:
    """Record which run the endpoint serves, make it live, and request the next run if there is one."""
    if name != settings().endpoint_name:
        logger.info("endpoint of another stack ignored", endpoint=name)
        return
    state = deployment.describe_or_fail()
    if state and state.in_service and state.run_id:
        noted = ledger().end_stage(state.run_id, Stage.DEPLOY)
        if noted and activate_if_ready(noted):
            supersede_overtaken(list(ledger().runs()), ledger().pointer("live"))
    deployment.reconcile_endpoint()
