"""The routes: each parses, makes one call and returns."""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from recommend_api import customers, invocations, items, parameters, problems, runs
from recommend_api.fallback_chain import RecommendationCriteria
from recommend_api.parameters import (
    After,
    Country,
    CustomerId,
    Exclude,
    ExcludePurchased,
    IdInQuery,
    InStock,
    Invocation,
    ItemId,
    Limit,
    Prefix,
    RecommendationRequest,
    RunId,
    Since,
    TopN,
    WholeIds,
    WholeStock,
)
from retailrec_shared.contract.api_responses import (
    Customers,
    Item,
    ManyRecommendations,
    Model,
    PopularItems,
    Problem,
    Purchases,
    Recommendations,
    Runs,
    RunView,
    Scored,
    SimilarItems,
)

api = APIGatewayRestResolver(enable_validation=True)
problems.register(api)

TITLES = {
    400: "A parameter or field is wrong; `field` names it.",
    404: "Unknown.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    500: "An internal error; the function's log has it.",
    502: "The algorithm's response cannot be read.",
    503: "No model is live yet, or a service that the response needs does not respond now.",
}


def _responses(*statuses: int, what: str) -> dict[int, Any]:
    """Declare the responses of a route: 200, whose model is the return annotation, and its problems."""
    problem = {problems.MEDIA_TYPE: {"model": Problem}}
    responses: dict[int, Any] = {200: {"description": what}}
    for status in (400, *statuses, 500, 503):
        responses[status] = {"description": TITLES[status], "content": problem}
    return responses


@api.get(
    "/customers", summary="Find customers", tags=["customers"], responses=_responses(what="Ids of customers.")
)
def find_customers(prefix: Prefix = "", after: After = "", limit: Limit = 10) -> Customers:
    """Find customers by the beginning of their id."""
    return customers.find_customers(prefix, after, limit)


@api.get(
    "/customers/<customer_id>/recommendations",
    summary="Recommend items to a customer",
    tags=["recommendations"],
    responses=_responses(what="Recommended items, the best first."),
)
def get_recommendations(
    customer_id: CustomerId,
    top_n: TopN = 10,
    exclude_purchased: ExcludePurchased = None,
    exclude: Exclude = [],  # noqa: B006 - read, never changed
    in_stock: InStock = [],  # noqa: B006
) -> Recommendations:
    """Recommend items to a customer; an unknown one gets popular items, marked as such."""
    criteria = _criteria(top_n, exclude, in_stock, exclude_purchased)
    return customers.recommendations_for([customer_id], criteria)[0]


@api.get(
    "/customers/<customer_id>/purchases",
    summary="List a customer's latest purchases",
    tags=["customers"],
    responses=_responses(404, what="The latest purchases, the newest first."),
)
def get_purchases(customer_id: CustomerId, limit: Limit = 10) -> Purchases:
    """List a customer's latest purchases, the newest first, at most 50."""
    return customers.purchases_of(customer_id, limit)


@api.get(
    "/items/popular",
    summary="List popular items",
    tags=["items"],
    responses=_responses(what="Popular items, the best first."),
)
def get_popular(
    country: Country = "",
    since: Since = "",
    top_n: TopN = 10,
    exclude: Exclude = [],  # noqa: B006
    in_stock: InStock = [],  # noqa: B006
) -> PopularItems:
    """List what most customers bought, in a country or overall, since a month or in all time."""
    return items.popular_items(country, since, _criteria(top_n, exclude, in_stock))


@api.get(
    "/items/<item_id>/similar",
    summary="List items that the same customers bought",
    tags=["items"],
    responses=_responses(404, what="Similar items, the best first."),
)
def get_similar(
    item_id: ItemId,
    top_n: TopN = 10,
    exclude: Exclude = [],  # noqa: B006
    in_stock: InStock = [],  # noqa: B006
) -> SimilarItems:
    """List items that the same customers bought."""
    return items.similar_to(item_id, _criteria(top_n, exclude, in_stock))


@api.get(
    "/items/<item_id>", summary="Get an item", tags=["items"], responses=_responses(404, what="The item.")
)
def get_item(item_id: ItemId) -> Item:
    """Get an item."""
    return items.item_of(item_id)


@api.get(
    "/customer/recommendations",
    summary="Recommend items to a customer with any id",
    tags=["recommendations"],
    responses=_responses(what="Recommended items, the best first."),
)
def get_recommendations_of(
    customer_id: IdInQuery,
    top_n: TopN = 10,
    exclude_purchased: ExcludePurchased = None,
    exclude: WholeIds = [],  # noqa: B006
    in_stock: WholeStock = [],  # noqa: B006
) -> Recommendations:
    """Do the same as `/customers/{customer_id}/recommendations`, for ids that a path cannot hold."""
    criteria = _criteria(top_n, exclude, in_stock, exclude_purchased, commas=False)
    return customers.recommendations_for([customer_id], criteria)[0]


@api.get(
    "/customer/purchases",
    summary="List the latest purchases of a customer with any id",
    tags=["customers"],
    responses=_responses(404, what="The latest purchases, the newest first."),
)
def get_purchases_of(customer_id: IdInQuery, limit: Limit = 10) -> Purchases:
    """Do the same as `/customers/{customer_id}/purchases`, for ids that a path cannot hold."""
    return customers.purchases_of(customer_id, limit)


@api.get(
    "/item/similar",
    summary="List items that the same customers bought as one with any id",
    tags=["items"],
    responses=_responses(404, what="Similar items, the best first."),
)
def get_similar_to(
    item_id: IdInQuery,
    top_n: TopN = 10,
    exclude: WholeIds = [],  # noqa: B006
    in_stock: WholeStock = [],  # noqa: B006
) -> SimilarItems:
    """Do the same as `/items/{item_id}/similar`, for ids that a path cannot hold."""
    return items.similar_to(item_id, _criteria(top_n, exclude, in_stock, commas=False))


@api.get(
    "/item", summary="Get an item with any id", tags=["items"], responses=_responses(404, what="The item.")
)
def get_item_of(item_id: IdInQuery) -> Item:
    """Do the same as `/items/{item_id}`, for ids that a path cannot hold."""
    return items.item_of(item_id)


@api.post(
    "/recommendations",
    summary="Recommend for a basket, or to many customers",
    tags=["recommendations"],
    responses=_responses(413, 415, what="One response for a basket; one for each customer."),
)
def post_recommendations(body: RecommendationRequest) -> Recommendations | ManyRecommendations:
    """Recommend items to a visitor with a basket, or to many customers."""
    criteria = _criteria(body.top_n, body.exclude, body.in_stock or [], body.exclude_purchased, commas=False)
    if body.items:
        return customers.recommendations_for_basket(body.items, body.country, criteria)
    return ManyRecommendations(answers=customers.recommendations_for(body.customers, criteria))


@api.post(
    "/invocations",
    summary="Send a request in the algorithm's own contract",
    tags=["algorithm"],
    responses=_responses(404, 413, 415, 502, what="The algorithm's response, unchanged.")
    | {
        200: {
            "description": "The algorithm's response.",
            "content": {"application/json": {"model": list[Scored]}},
        }
    },
)
def post_invocations(body: Invocation) -> Response[str]:
    """Send a request in the algorithm's own contract."""
    return invocations.pass_through(body.model_dump_json(exclude_unset=True).encode())


@api.get(
    "/model",
    summary="Describe the model that serves",
    tags=["runs"],
    responses=_responses(what="The model that serves."),
)
def get_model() -> Model:
    """Describe the model that serves."""
    return runs.model_now()


@api.get(
    "/runs",
    summary="List the newest runs",
    tags=["runs"],
    responses=_responses(what="Runs, the newest upload first."),
)
def get_runs(limit: Limit = 10) -> Runs:
    """List the newest runs of the pipeline."""
    return runs.newest_runs(limit)


@api.get("/runs/<run_id>", summary="Get a run", tags=["runs"], responses=_responses(404, what="The run."))
def get_run(run_id: RunId) -> RunView:
    """Get a run."""
    return runs.run_of(run_id)


@api.get(
    "/openapi.json",
    summary="Describe this API",
    tags=["description"],
    responses={
        200: {"description": "This document.", "content": {"application/json": {"model": dict[str, Any]}}},
        500: {"description": TITLES[500], "content": {problems.MEDIA_TYPE: {"model": Problem}}},
    },
)
def get_openapi() -> Response[str]:
    """Describe this API, as OpenAPI 3.1."""
    from recommend_api.description import document_text  # rarely requested: not part of a cold start

    return Response(200, content_type="application/json", body=document_text(api))


def _criteria(
    top_n: int,
    exclude: Iterable[str],
    in_stock: Iterable[str],
    exclude_purchased: bool | None = None,
    commas: bool = True,
) -> RecommendationCriteria:
    return RecommendationCriteria(
        top_n,
        parameters.excluded_ids(exclude, commas),
        parameters.stocked_ids(in_stock, commas),
        exclude_purchased,
    )
