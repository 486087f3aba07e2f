"""Responses about customers, and for visitors with a basket."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from recommend_api import endpoint, sources, table
from recommend_api.budget import Budget
from recommend_api.fallback_chain import (
    Candidate,
    Chosen,
    Fetch,
    RecommendationCriteria,
    SourceResult,
    select_items,
)
from recommend_api.live import fresh_budget, live
from recommend_api.response_items import describe, first_source, response_items
from retailrec_shared.contract.api_responses import Customers, Purchase, Purchases, Recommendations
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.customer_pages import Directory
from retailrec_shared.serving.keys import customer_key, customers_key

MAX_THREADS = 8


def recommendations_for(customers: Sequence[str], criteria: RecommendationCriteria) -> list[Recommendations]:
    """Recommend to several customers, each from the first source that has recommendations."""
    budget = fresh_budget()
    run = live(budget)
    criteria = criteria.of_run(run.excludes_purchased)
    bodies = table.read([customer_key(run.run_id, customer) for customer in customers], budget)
    found = [bodies.get(customer_key(run.run_id, customer)) for customer in customers]
    last = sources.last_resorts(run.run_id, criteria, budget)

    def choose(customer: str, body: Any) -> list[Chosen]:
        return _for_customer(run, customer, body, criteria, last, budget)

    if len(customers) == 1:
        chosen = [choose(customers[0], found[0])]
    else:
        with ThreadPoolExecutor(MAX_THREADS) as pool:
            chosen = list(pool.map(choose, customers, found))
    return [
        _response(run, customer, each, body and body["country"], budget)
        for customer, body, each in zip(customers, found, chosen, strict=True)
    ]


def recommendations_for_basket(
    basket: Sequence[str], country: str | None, criteria: RecommendationCriteria
) -> Recommendations:
    """Recommend to a visitor by the items in the basket, the newest last."""
    budget = fresh_budget()
    run = live(budget)
    criteria = criteria.of_run(run.excludes_purchased)
    newest = list(reversed(basket))
    chosen = select_items(
        criteria.without(basket) if criteria.exclude_purchased else criteria,
        (
            lambda: _by_fold_in(run, basket, criteria, budget),
            lambda: sources.similar(run.run_id, newest, budget),
            lambda: sources.in_country(run.run_id, country, budget),
            *sources.last_resorts(run.run_id, criteria, budget),
        ),
    )
    return _response(run, None, chosen, country, budget, verb="chose")


def purchases_of(customer: str, limit: int) -> Purchases:
    """List a customer's latest purchases; raises NotFoundError for an unknown customer."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    body = table.read_or_raise(customer_key(run_id, customer), budget)
    if body is None:
        raise NotFoundError(f"Customer {customer} has no purchases in run {run_id}.")
    latest = body["purchases"][:limit]
    described = describe([run_id], [line["item_id"] for line in latest], budget)
    return Purchases(
        customer_id=customer,
        run_id=run_id,
        country=body["country"],
        total=body["purchases_total"],
        purchases=[Purchase(**line, description=described.get(line["item_id"])) for line in latest],
    )


def find_customers(prefix: str, after: str, limit: int) -> Customers:
    """List the customer ids that begin with ``prefix``, in order of code points."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    directory = Directory(run_id, table.read_or_raise(customers_key(run_id), budget) or {})
    place = directory.page_of(max(prefix, after), lambda key: table.read_or_raise(key, budget))
    found: list[str] = []
    while place < directory.pages and len(found) <= limit:
        page = table.read_or_raise(customers_key(run_id, place), budget) or []
        found += [each for each in page if each > after and each.startswith(prefix)]
        if page and page[-1] > prefix and not page[-1].startswith(prefix):
            break
        place += 1
    more = len(found) > limit
    return Customers(
        run_id=run_id, total=directory.total, customers=found[:limit], next=found[limit - 1] if more else None
    )


def _for_customer(
    run: Run,
    customer: str,
    body: Any,
    criteria: RecommendationCriteria,
    last: Sequence[Fetch],
    budget: Budget,
) -> list[Chosen]:
    recent = [line["item_id"] for line in body["purchases"]] if body else []
    country = body["country"] if body else None
    bought = {*recent, *body.get("bought", [])} if body and criteria.exclude_purchased else set()
    return select_items(
        criteria.without(bought),
        (
            lambda: _in_real_time(run, customer, recent, criteria, budget),
            lambda: sources.batch(run.run_id, body),
            lambda: sources.similar(run.run_id, recent, budget),
            lambda: sources.in_country(run.run_id, country, budget),
            *last,
        ),
    )


def _in_real_time(
    run: Run, customer: str, recent: Sequence[str], criteria: RecommendationCriteria, budget: Budget
) -> SourceResult | None:
    # The model excludes the purchases it was trained on. Later purchases are excluded here.
    not_in_training = len(set(recent)) if criteria.exclude_purchased and not run.refits else 0
    own: dict[str, Any] = {} if criteria.exclude_purchased else {"exclude_purchased": False}
    return _endpoint_result(
        run, endpoint.recommend(run, budget, criteria, not_in_training, user_id=customer, **own)
    )


def _by_fold_in(
    run: Run, basket: Sequence[str], criteria: RecommendationCriteria, budget: Budget
) -> SourceResult | None:
    if not endpoint.supports(run, "items"):
        return None
    own: dict[str, Any] = {} if criteria.exclude_purchased else {"exclude_purchased": False}
    return _endpoint_result(run, endpoint.recommend(run, budget, criteria, items=list(basket), **own))


def _endpoint_result(run: Run, found: endpoint.EndpointResponse | None) -> SourceResult | None:
    if found is None or not found.items:
        return None
    return SourceResult("endpoint", found.run_id or run.run_id, [Candidate(*each) for each in found.items])


def _response(
    run: Run,
    customer: str | None,
    chosen: Sequence[Chosen],
    country: str | None,
    budget: Budget,
    verb: str = "bought",
) -> Recommendations:
    return Recommendations(
        customer_id=customer,
        run_id=chosen[0].result.run_id if chosen else run.run_id,
        source=first_source(chosen),
        recommendations=response_items(run.run_id, chosen, budget, country, verb),
    )
