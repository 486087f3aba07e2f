"""Publishes the pipeline's own events."""

from typing import TYPE_CHECKING

from retailrec_shared.core import aws, events
from retailrec_shared.core.errors import NotAccepted
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef


def entry(event: events.Event, bus: str) -> "PutEventsRequestEntryTypeDef":
    """Build the PutEvents entry of an event."""
    return {
        "Source": events.SOURCE,
        "DetailType": event.detail_type,
        "Detail": event.model_dump_json(),
        "EventBusName": bus,
    }


def publish(event: events.Event) -> None:
    """Send an event; raises NotAccepted if the bus did not accept it (PutEvents returns 200)."""
    answer = aws.eventbridge().put_events(Entries=[entry(event, settings().event_bus)])
    if answer["FailedEntryCount"]:
        raise NotAccepted(f"{event.detail_type} was not accepted: {answer['Entries'][0].get('ErrorMessage')}")
    logger.info("event published", detail_type=event.detail_type, run_id=event.run_id)
