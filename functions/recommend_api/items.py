"""Answers about items."""

from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from recommend_api import endpoint, sources, table
from recommend_api.answers import Item, PopularItems, SimilarItems
from recommend_api.budget import Budget
from recommend_api.describing import answer_items, first_source
from recommend_api.ladder import Candidate, Rung, Wish, climb
from recommend_api.live import fresh_budget, live
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import item_key


def item_of(item: str) -> Item:
    """Look an item up; raises NotFoundError for one that the live run does not know."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    return _known(run_id, item, budget)


def similar_to(item: str, wish: Wish) -> SimilarItems:
    """List items bought by the same customers, then like ones, then popular ones; raises NotFoundError.

    The table comes first: it is counted, says why, and is in memory where the endpoint is a call away.
    """
    budget = fresh_budget()
    run = live(budget)
    try:
        description = _known(run.run_id, item, budget).description
    except table.Silent:  # other sources may still answer
        description = None
    chosen = climb(
        wish.without([item]),
        (
            lambda: sources.similar(run.run_id, [item], budget),
            lambda: _by_the_model(run, item, wish, budget),
            *sources.last_resorts(run.run_id, wish, budget),
        ),
    )
    items = answer_items(run.run_id, chosen, budget, verb="looked at")
    return SimilarItems(
        item_id=item,
        run_id=run.run_id,
        description=description,
        source=first_source(chosen),
        items=items,
    )


def popular_items(country: str, since: str, wish: Wish) -> PopularItems:
    """List what is popular in a country, else overall; since a month, or in all time.

    What the ranking asked for cannot fill, wider ones do: all countries, then all time.
    """
    budget = fresh_budget()
    run_id = live(budget).run_id
    month = since[:7]
    chosen = climb(
        wish,
        (
            lambda: sources.popular_since(run_id, country, month, budget) if month and country else None,
            lambda: sources.popular_since(run_id, None, month, budget) if month else None,
            lambda: sources.in_country(run_id, country, budget),
            *sources.last_resorts(run_id, wish, budget),
        ),
    )
    first = chosen[0].rung if chosen else Rung("popular", run_id, [])
    return PopularItems(
        run_id=run_id,
        source=first.source,
        country=country if first.source == "popular_in_country" else None,
        since=first.since,
        items=answer_items(run_id, chosen, budget, country),
    )


def _known(run_id: str, item: str, budget: Budget) -> Item:
    key = item_key(run_id, item)
    body = table.recall_surely(key, budget)
    if body is None:
        raise NotFoundError(f"Run {run_id} knows no item {item}.")
    return Item(
        item_id=item,
        run_id=run_id,
        description=body["description"] or None,
        customers=body.get("customers"),
        quantity=body.get("quantity"),
    )


def _by_the_model(run: Run, item: str, wish: Wish, budget: Budget) -> Rung | None:
    if not endpoint.understands(run, "similar_to"):
        return None
    answer = endpoint.ask(run, budget, wish, similar_to=item)
    if answer is None or not answer.items:
        return None
    return Rung("endpoint", answer.run_id or run.run_id, [Candidate(*each) for each in answer.items])
