"""ModelApproved, or RunFailed → CreateEndpoint or UpdateEndpoint, if the endpoint serves another run."""

from typing import Any

from retailrec_shared.core.handlers import event_handler
from retailrec_shared.sagemaker.deployment import reconcile_endpoint


@event_handler
def handler(_event: dict[str, Any]) -> None:
    """Move the endpoint towards the run it should serve, which the ledger tells better than the event."""
    reconcile_endpoint()
