"""Endpoint State Change → the run is live, or the endpoint moves on."""

from typing import Any

from activate_endpoint.activation import endpoint_changed
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import EndpointChanged


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Look at the endpoint that an event speaks of."""
    endpoint_changed(EndpointChanged.model_validate(event).detail.name)
