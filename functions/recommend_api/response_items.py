"""The items of a response: each with its description, and the reason for recommending it."""

from collections.abc import Iterable, Sequence

from aws_lambda_powertools.metrics import MetricUnit

from recommend_api import table
from recommend_api.budget import Budget
from recommend_api.fallback_chain import Chosen
from retailrec_shared.contract.api_responses import Recommendation, Source
from retailrec_shared.core.observability import metrics
from retailrec_shared.serving.keys import item_key

DESCRIBE_SECONDS = 0.2


def describe(runs: Iterable[str], items: Iterable[str], budget: Budget) -> dict[str, str]:
    """Return the descriptions of items, each from the first of some runs whose catalogue has it.

    While the endpoint changes models it may respond with a run that is not live yet.
    """
    items = list(dict.fromkeys(items))
    described: dict[str, str] = {}
    for run in dict.fromkeys(runs):
        keys = {item_key(run, item): item for item in items if item not in described}
        for key, body in table.read_cached(keys, budget).items():
            if body["description"]:
                described[keys[key]] = body["description"]
    return described


def response_items(
    live: str, chosen: Sequence[Chosen], budget: Budget, country: str | None = None, verb: str = "bought"
) -> list[Recommendation]:
    """Turn the selected candidates into the items of a response."""
    runs = [*(each.result.run_id for each in chosen), live]
    reasons = [each.candidate.because_of for each in chosen if each.candidate.because_of]
    described = describe(runs, [*(each.candidate.item_id for each in chosen), *reasons], budget)
    return [
        Recommendation(
            item_id=each.candidate.item_id,
            description=described.get(each.candidate.item_id),
            score=each.candidate.score,
            source=each.result.source,
            why=_why(each, described, country, verb),
            because_of=each.candidate.because_of,
        )
        for each in chosen
    ]


def first_source(chosen: Sequence[Chosen]) -> Source:
    """Return the source of the first item, and count it in a metric."""
    source: Source = chosen[0].result.source if chosen else "popular"
    metrics.add_metric(name=f"AnsweredBy_{source}", unit=MetricUnit.Count, value=1)
    return source


def _why(chosen: Chosen, described: dict[str, str], country: str | None, verb: str) -> str | None:
    seed, source = chosen.candidate.because_of, chosen.result.source
    if seed:
        return f"Because you {verb} {described.get(seed, seed)}."
    if source.startswith("popular"):
        where = f" in {country}" if source == "popular_in_country" and country else ""
        when = f" since {chosen.result.since}" if chosen.result.since else ""
        count = int(chosen.candidate.score)
        return f"Bought by {count:,} customer{'' if count == 1 else 's'}{where}{when}."
    return None
