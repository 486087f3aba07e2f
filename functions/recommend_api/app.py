"""REST API → recommendations and purchases, as JSON."""

from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from recommend_api import problems
from recommend_api.answers import Purchases, Recommendations
from recommend_api.customers import purchases_of, recommendations_for
from retailrec_shared.observability import logger, metrics, tracer

api = APIGatewayRestResolver(enable_validation=True)
problems.register(api)

CustomerId = Annotated[str, Path(min_length=1, max_length=128, description="The id, as in the data.")]
TopN = Annotated[int, Query(ge=1, le=100, description="How many items to recommend.")]


@api.get("/customers/<customer_id>/recommendations")
def get_recommendations(customer_id: CustomerId, top_n: TopN = 10) -> Recommendations:
    """Recommend items to a customer; one the model does not know gets popular items, marked as such."""
    return recommendations_for(unquote(customer_id), top_n)


@api.get("/customers/<customer_id>/purchases")
def get_purchases(customer_id: CustomerId, limit: TopN = 10) -> Purchases:
    """List a customer's latest purchases, the newest first."""
    return purchases_of(unquote(customer_id), limit)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    return api.resolve(event, context)
