"""The routes: each parses, makes one call and returns."""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from recommend_api import customers, invocations, items, parameters, problems, runs
from recommend_api.fallback_chain import Wish
from recommend_api.parameters import (
    After,
    Country,
    CustomerId,
    Exclude,
    ExcludePurchased,
    InStock,
    Invocation,
    ItemId,
    Limit,
    Prefix,
    RecommendationRequest,
    RunId,
    Since,
    TopN,
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
    500: "An error of ours; the log says where.",
    502: "The algorithm's answer cannot be read.",
    503: "Nothing is live yet, or what is asked for does not answer now.",
}


def _said(*statuses: int, what: str) -> dict[int, Any]:
    """Declare the answers of a route: the good one, whose shape its annotation tells, and its problems."""
    problem = {problems.MEDIA_TYPE: {"model": Problem}}
    answers: dict[int, Any] = {200: {"description": what}}
    for status in (400, *statuses, 500, 503):
        answers[status] = {"description": TITLES[status], "content": problem}
    return answers


@api.get(
    "/customers", summary="Find customers", tags=["customers"], responses=_said(what="Ids of customers.")
)
def find_customers(prefix: Prefix = "", after: After = "", limit: Limit = 10) -> Customers:
    """Find customers by the beginning of their id."""
    return customers.find_customers(prefix, after, limit)


@api.get(
    "/customers/<customer_id>/recommendations",
    summary="Recommend items to a customer",
    tags=["recommendations"],
    responses=_said(what="Recommended items, the best first."),
)
def get_recommendations(
    customer_id: CustomerId,
    top_n: TopN = 10,
    exclude_purchased: ExcludePurchased = None,
    exclude: Exclude = [],  # noqa: B006 - read, never changed
    in_stock: InStock = [],  # noqa: B006
) -> Recommendations:
    """Recommend items to a customer; one that nobody knows gets popular items, marked as such."""
    wish = _wish(top_n, exclude, in_stock, exclude_purchased)
    return customers.recommendations_for([customer_id], wish)[0]


@api.get(
    "/customers/<customer_id>/purchases",
    summary="List a customer's latest purchases",
    tags=["customers"],
    responses=_said(404, what="The latest purchases, the newest first."),
)
def get_purchases(customer_id: CustomerId, limit: Limit = 10) -> Purchases:
    """List a customer's latest purchases, the newest first, at most 50."""
    return customers.purchases_of(customer_id, limit)


@api.get(
    "/items/popular",
    summary="List popular items",
    tags=["items"],
    responses=_said(what="Popular items, the best first."),
)
def get_popular(
    country: Country = "",
    since: Since = "",
    top_n: TopN = 10,
    exclude: Exclude = [],  # noqa: B006
    in_stock: InStock = [],  # noqa: B006
) -> PopularItems:
    """List what most customers bought, in a country or overall, since a month or ever."""
    return items.popular_items(country, since, _wish(top_n, exclude, in_stock))


@api.get(
    "/items/<item_id>/similar",
    summary="List items that the same customers bought",
    tags=["items"],
    responses=_said(404, what="Similar items, the best first."),
)
def get_similar(
    item_id: ItemId,
    top_n: TopN = 10,
    exclude: Exclude = [],  # noqa: B006
    in_stock: InStock = [],  # noqa: B006
) -> SimilarItems:
    """List items that the same customers bought."""
    return items.similar_to(item_id, _wish(top_n, exclude, in_stock))


@api.get(
    "/items/<item_id>", summary="Look an item up", tags=["items"], responses=_said(404, what="The item.")
)
def get_item(item_id: ItemId) -> Item:
    """Look an item up."""
    return items.item_of(item_id)


@api.post(
    "/recommendations",
    summary="Recommend for a basket, or to many customers",
    tags=["recommendations"],
    responses=_said(413, 415, what="For a basket one answer; for customers one each."),
)
def post_recommendations(asked: RecommendationRequest) -> Recommendations | ManyRecommendations:
    """Recommend items to a visitor with a basket, or to many customers."""
    wish = _wish(asked.top_n, asked.exclude, asked.in_stock or [], asked.exclude_purchased, commas=False)
    if asked.items:
        return customers.recommendations_for_basket(asked.items, asked.country, wish)
    return ManyRecommendations(answers=customers.recommendations_for(asked.customers, wish))


@api.post(
    "/invocations",
    summary="Speak to the algorithm in its own contract",
    tags=["algorithm"],
    responses=_said(404, 413, 415, 502, what="The algorithm's answer, as it is.")
    | {
        200: {
            "description": "The algorithm's answer.",
            "content": {"application/json": {"model": list[Scored]}},
        }
    },
)
def post_invocations(asked: Invocation) -> Response[str]:
    """Speak to the algorithm in its own contract."""
    return invocations.pass_through(asked.model_dump_json(exclude_unset=True).encode())


@api.get(
    "/model",
    summary="Describe the model that serves",
    tags=["runs"],
    responses=_said(what="The model that serves."),
)
def get_model() -> Model:
    """Describe the model that serves."""
    return runs.model_now()


@api.get(
    "/runs",
    summary="List the newest runs",
    tags=["runs"],
    responses=_said(what="Runs, the newest upload first."),
)
def get_runs(limit: Limit = 10) -> Runs:
    """List the newest runs of the pipeline."""
    return runs.newest_runs(limit)


@api.get("/runs/<run_id>", summary="Look a run up", tags=["runs"], responses=_said(404, what="The run."))
def get_run(run_id: RunId) -> RunView:
    """Look a run up."""
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
    from recommend_api.description import document_text  # what nobody asks for costs no cold start

    return Response(200, content_type="application/json", body=document_text())


def _wish(
    top_n: int,
    exclude: Iterable[str],
    in_stock: Iterable[str],
    exclude_purchased: bool | None = None,
    commas: bool = True,
) -> Wish:
    return Wish(
        top_n, parameters.excluded(exclude, commas), parameters.stocked(in_stock, commas), exclude_purchased
    )
