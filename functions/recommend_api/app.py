"""REST API → recommendations, items and runs, as JSON."""

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from recommend_api import paths, problems
from recommend_api.routes import api
from retailrec_shared.core.observability import logger, metrics


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle a request of API Gateway."""
    path = paths.of_event(event)
    event = {**event, "path": path, "headers": problems.with_plain_media_type(event.get("headers"))}
    return problems.of_body(event, path) or problems.unless_too_large(api.resolve(event, context))
