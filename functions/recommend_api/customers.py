"""Answers about a customer: the endpoint's, else the batch job's, else what is popular."""

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit

from recommend_api import endpoint
from recommend_api.answers import Purchase, Purchases, Recommendation, Recommendations, Source
from recommend_api.live import live_run
from retailrec_shared.observability import metrics
from retailrec_shared.serving import customer_key, item_key, popular_key, serving

Scored = tuple[str, float]


def recommendations_for(customer: str, top_n: int) -> Recommendations:
    """Recommend ``top_n`` items to a customer, from the best source that has an answer."""
    run_id = live_run()
    source, answering_run, items = _best_answer(run_id, customer, top_n)
    metrics.add_metric(name=f"AnsweredBy_{source}", unit=MetricUnit.Count, value=1)
    described = _descriptions((answering_run, run_id), [item for item, _ in items])
    return Recommendations(
        customer_id=customer,
        run_id=answering_run,
        source=source,
        recommendations=[
            Recommendation(item_id=item, description=described.get(item), score=score)
            for item, score in items
        ],
    )


def purchases_of(customer: str, limit: int) -> Purchases:
    """List a customer's latest purchases; raises NotFoundError for an unknown customer."""
    run_id = live_run()
    key = customer_key(run_id, customer)
    body = serving().get([key]).get(key)
    if body is None:
        raise NotFoundError(f"Customer {customer} has no purchases in run {run_id}.")
    latest = body["purchases"][:limit]
    described = _descriptions((run_id,), [line["item_id"] for line in latest])
    return Purchases(
        customer_id=customer,
        run_id=run_id,
        country=body["country"],
        total=body["purchases_total"],
        purchases=[Purchase(**line, description=described.get(line["item_id"])) for line in latest],
    )


def _best_answer(run_id: str, customer: str, top_n: int) -> tuple[Source, str, list[Scored]]:
    key = customer_key(run_id, customer)
    body = serving().get([key]).get(key)
    bought = _bought(body)
    # The model leaves out what it learned that the customer bought; what was bought since, we leave out.
    real_time = endpoint.ask(customer, top_n + len(bought))
    if real_time and real_time.items:
        fresh = [scored for scored in real_time.items if scored[0] not in bought]
        return "endpoint", real_time.run_id or run_id, fresh[:top_n]
    if body and body["recommendations"]:
        return "batch", run_id, [(item, score) for item, score in body["recommendations"][:top_n]]
    return _popular(run_id, body, top_n)


def _bought(body: Any) -> set[str]:
    return {line["item_id"] for line in body["purchases"]} if body else set()


def _popular(run_id: str, body: Any, top_n: int) -> tuple[Source, str, list[Scored]]:
    bought = _bought(body)
    country = popular_key(run_id, body["country"]) if body and body["country"] else None
    overall = popular_key(run_id)
    found = serving().get([key for key in (country, overall) if key])
    for source, key in (("popular_in_country", country), ("popular", overall)):
        items = [(e["item_id"], float(e["customers"])) for e in found.get(key or "", [])]
        fresh = [scored for scored in items if scored[0] not in bought]
        if len(fresh) >= top_n or source == "popular":
            return source, run_id, fresh[:top_n]  # type: ignore[return-value]
    raise AssertionError("unreachable: the overall ranking always returns")


def _descriptions(runs: Sequence[str], items: Sequence[str]) -> dict[str, str]:
    """Describe items by the catalogues of some runs, the first that knows an item first.

    During a change of models the endpoint may answer with a run that is not live yet.
    """
    keys = {(run, item): item_key(run, item) for run in dict.fromkeys(runs) for item in items}
    found = serving().get(list(keys.values()))
    described: dict[str, str] = {}
    for (_, item), key in keys.items():
        if key in found and found[key]["description"]:
            described.setdefault(item, found[key]["description"])
    return described
