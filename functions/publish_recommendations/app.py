"""Transform Job State Change → serving table and Parquet → RecommendationsPublished."""

from typing import Any

from publish_recommendations.publishing import transform_job_changed
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import TransformJobChanged


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Look at the transform job that an event speaks of."""
    transform_job_changed(TransformJobChanged.model_validate(event).detail.name)
