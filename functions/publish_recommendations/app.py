"""Transform Job State Change → serving table and Parquet → RecommendationsPublished."""

from typing import Any

from publish_recommendations.publishing import transform_job_changed
from retailrec_shared.core.handlers import timed_event_handler
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.triggers import TransformJobChanged


@timed_event_handler
def handler(event: dict[str, Any], invocation: Invocation) -> None:
    """Handle a state change of the transform job that an event names."""
    transform_job_changed(TransformJobChanged.model_validate(event).detail.name, invocation)
