"""Responses about items."""

from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from recommend_api import endpoint, sources, table
from recommend_api.budget import Budget
from recommend_api.fallback_chain import Candidate, RecommendationCriteria, SourceResult, select_items
from recommend_api.live import fresh_budget, live
from recommend_api.response_items import first_source, response_items
from retailrec_shared.contract.api_responses import Item, PopularItems, SimilarItems
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import item_key


def item_of(item: str) -> Item:
    """Return an item; raises NotFoundError for one that the live run does not have."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    return _item(run_id, item, budget)


def similar_to(item: str, criteria: RecommendationCriteria) -> SimilarItems:
    """List items bought by the same customers, then the model's similar ones, then popular ones.

    The table is the first source: its entries are counted, have a reason, and may be cached, while the
    endpoint takes a call. Raises NotFoundError for an unknown item.
    """
    budget = fresh_budget()
    run = live(budget)
    try:
        description = _item(run.run_id, item, budget).description
    except table.TableUnavailable:  # other sources may still have items
        description = None
    chosen = select_items(
        criteria.without([item]),
        (
            lambda: sources.similar(run.run_id, [item], budget),
            lambda: _by_the_model(run, item, criteria, budget),
            *sources.last_resorts(run.run_id, criteria, budget),
        ),
    )
    items = response_items(run.run_id, chosen, budget, verb="looked at")
    return SimilarItems(
        item_id=item,
        run_id=run.run_id,
        description=description,
        source=first_source(chosen),
        items=items,
    )


def popular_items(country: str, since: str, criteria: RecommendationCriteria) -> PopularItems:
    """List what is popular in a country, else overall; since a month, or in all time.

    Where the requested ranking has too few items, wider ones follow: all countries, then all time.
    """
    budget = fresh_budget()
    run_id = live(budget).run_id
    month = since[:7]
    chosen = select_items(
        criteria,
        (
            lambda: sources.popular_since(run_id, country, month, budget) if month and country else None,
            lambda: sources.popular_since(run_id, None, month, budget) if month else None,
            lambda: sources.in_country(run_id, country, budget),
            *sources.last_resorts(run_id, criteria, budget),
        ),
    )
    first = chosen[0].result if chosen else SourceResult("popular", run_id, [])
    return PopularItems(
        run_id=run_id,
        source=first.source,
        country=country if first.source == "popular_in_country" else None,
        since=first.since,
        items=response_items(run_id, chosen, budget, country),
    )


def _item(run_id: str, item: str, budget: Budget) -> Item:
    key = item_key(run_id, item)
    body = table.read_cached_or_raise(key, budget)
    if body is None:
        raise NotFoundError(f"Run {run_id} has no item {item}.")
    return Item(
        item_id=item,
        run_id=run_id,
        description=body["description"] or None,
        customers=body.get("customers"),
        quantity=body.get("quantity"),
    )


def _by_the_model(
    run: Run, item: str, criteria: RecommendationCriteria, budget: Budget
) -> SourceResult | None:
    if not endpoint.supports(run, "similar_to"):
        return None
    answer = endpoint.recommend(run, budget, criteria, similar_to=item)
    if answer is None or not answer.items:
        return None
    return SourceResult("endpoint", answer.run_id or run.run_id, [Candidate(*each) for each in answer.items])
