"""ModelApproved → CreateEndpoint or UpdateEndpoint."""

from typing import Any

from retailrec_shared.deployment import deploy_wish
from retailrec_shared.errors import NotYet
from retailrec_shared.events import ModelApproved
from retailrec_shared.handlers import event_handler
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.settings import settings
from retailrec_shared.status import Stage
from retailrec_shared.triggers import own_event


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Wish an approved run onto the endpoint, unless a later upload's run is wished there."""
    run_id = own_event(ModelApproved, event).run_id
    run = ledger().get(run_id)
    if run is None or settings().endpoint_mode == "none":
        return
    wished, _ = ledger().point("wish", run)
    if not wished:
        logger.info("a later upload has the endpoint", run_id=run_id)
        return
    try:
        deploy_wish()
    except NotYet as waiting:
        ledger().wait_stage(run_id, Stage.DEPLOY, str(waiting))
        raise
