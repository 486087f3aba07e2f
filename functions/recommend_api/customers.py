"""Answers about customers, and for visitors with a basket."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from recommend_api import endpoint, sources, table
from recommend_api.answers import Customers, Purchase, Purchases, Recommendations
from recommend_api.budget import Budget
from recommend_api.describing import answer_items, describe, first_source
from recommend_api.ladder import Candidate, Chosen, Rung, Wish, climb
from recommend_api.live import fresh_budget, live
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import customer_key, customers_key

AT_A_TIME = 8


def recommendations_for(customers: Sequence[str], wish: Wish) -> list[Recommendations]:
    """Recommend to some customers, each from the best source that has an answer."""
    budget = fresh_budget()
    run = live(budget)
    wish = wish.of_run(run.excludes_purchased)
    bodies = table.read([customer_key(run.run_id, customer) for customer in customers], budget)
    found = [bodies.get(customer_key(run.run_id, customer)) for customer in customers]
    last = sources.last_resorts(run.run_id, wish, budget)

    def choose(customer: str, body: Any) -> list[Chosen]:
        return _for_customer(run, customer, body, wish, last, budget)

    if len(customers) == 1:
        chosen = [choose(customers[0], found[0])]
    else:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            chosen = list(pool.map(choose, customers, found))
    return [
        _answer(run, customer, each, body and body["country"], budget)
        for customer, body, each in zip(customers, found, chosen, strict=True)
    ]


def recommendations_for_basket(basket: Sequence[str], country: str | None, wish: Wish) -> Recommendations:
    """Recommend to a visitor, by what is in the basket, the newest last."""
    budget = fresh_budget()
    run = live(budget)
    wish = wish.of_run(run.excludes_purchased)
    newest = list(reversed(basket))
    chosen = climb(
        wish.without(basket) if wish.exclude_purchased else wish,
        (
            lambda: _folded_in(run, basket, wish, budget),
            lambda: sources.similar(run.run_id, newest, budget),
            lambda: sources.in_country(run.run_id, country, budget),
            *sources.last_resorts(run.run_id, wish, budget),
        ),
    )
    return _answer(run, None, chosen, country, budget, verb="chose")


def purchases_of(customer: str, limit: int) -> Purchases:
    """List a customer's latest purchases; raises NotFoundError for an unknown customer."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    body = table.read_surely(customer_key(run_id, customer), budget)
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
    """List ids of customers that begin with ``prefix``, in order of code points."""
    budget = fresh_budget()
    run_id = live(budget).run_id
    pages = table.read_surely(customers_key(run_id), budget) or {"total": 0, "first": []}
    place = max(bisect_right(pages["first"], max(prefix, after)) - 1, 0)
    found: list[str] = []
    while place < len(pages["first"]) and len(found) <= limit:
        page = table.read_surely(customers_key(run_id, place), budget) or []
        found += [each for each in page if each > after and each.startswith(prefix)]
        if page and page[-1] > prefix and not page[-1].startswith(prefix):
            break
        place += 1
    more = len(found) > limit
    return Customers(
        run_id=run_id, total=pages["total"], customers=found[:limit], next=found[limit - 1] if more else None
    )


def _for_customer(
    run: Run, customer: str, body: Any, wish: Wish, last: Sequence[Callable[[], Rung | None]], budget: Budget
) -> list[Chosen]:
    recent = [line["item_id"] for line in body["purchases"]] if body else []
    country = body["country"] if body else None
    bought = {*recent, *body.get("bought", [])} if body and wish.exclude_purchased else set()
    return climb(
        wish.without(bought),
        (
            lambda: _in_real_time(run, customer, recent, wish, budget),
            lambda: sources.batch(run.run_id, body),
            lambda: sources.similar(run.run_id, recent, budget),
            lambda: sources.in_country(run.run_id, country, budget),
            *last,
        ),
    )


def _in_real_time(run: Run, customer: str, recent: Sequence[str], wish: Wish, budget: Budget) -> Rung | None:
    # The model leaves out what it learned that the customer bought. What it did not, we leave out.
    unlearned = len(set(recent)) if wish.exclude_purchased and not run.refits else 0
    own: dict[str, Any] = {} if wish.exclude_purchased else {"exclude_purchased": False}
    return _rung(run, endpoint.ask(run, budget, wish, unlearned, user_id=customer, **own))


def _folded_in(run: Run, basket: Sequence[str], wish: Wish, budget: Budget) -> Rung | None:
    if not endpoint.understands(run, "items"):
        return None
    own: dict[str, Any] = {} if wish.exclude_purchased else {"exclude_purchased": False}
    return _rung(run, endpoint.ask(run, budget, wish, items=list(basket), **own))


def _rung(run: Run, answer: endpoint.Answer | None) -> Rung | None:
    if answer is None or not answer.items:
        return None
    return Rung("endpoint", answer.run_id or run.run_id, [Candidate(*each) for each in answer.items])


def _answer(
    run: Run,
    customer: str | None,
    chosen: Sequence[Chosen],
    country: str | None,
    budget: Budget,
    verb: str = "bought",
) -> Recommendations:
    return Recommendations(
        customer_id=customer,
        run_id=chosen[0].rung.run_id if chosen else run.run_id,
        source=first_source(chosen),
        recommendations=answer_items(run.run_id, chosen, budget, country, verb),
    )
