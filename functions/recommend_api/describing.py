"""Turning what was chosen into the items of an answer: described, and with the reason why."""

from collections.abc import Iterable, Sequence

from aws_lambda_powertools.metrics import MetricUnit

from recommend_api import table
from recommend_api.answers import Recommendation, Source
from recommend_api.budget import Budget
from recommend_api.ladder import Chosen
from retailrec_shared.core.observability import metrics
from retailrec_shared.serving.keys import item_key

DESCRIBE_SECONDS = 0.2


def describe(runs: Iterable[str], items: Iterable[str], budget: Budget) -> dict[str, str]:
    """Describe items by the catalogues of some runs, the first that knows an item first.

    During a change of models the endpoint may answer with a run that is not live yet.
    """
    items = list(dict.fromkeys(items))
    described: dict[str, str] = {}
    for run in dict.fromkeys(runs):
        keys = {item_key(run, item): item for item in items if item not in described}
        for key, body in table.recall(keys, budget).items():
            if body["description"]:
                described[keys[key]] = body["description"]
    return described


def answer_items(
    live: str, chosen: Sequence[Chosen], budget: Budget, country: str | None = None, verb: str = "bought"
) -> list[Recommendation]:
    """Write out what was chosen."""
    runs = [*(each.rung.run_id for each in chosen), live]
    reasons = [each.candidate.because_of for each in chosen if each.candidate.because_of]
    described = describe(runs, [*(each.candidate.item_id for each in chosen), *reasons], budget)
    return [
        Recommendation(
            item_id=each.candidate.item_id,
            description=described.get(each.candidate.item_id),
            score=each.candidate.score,
            source=each.rung.source,
            why=_why(each, described, country, verb),
            because_of=each.candidate.because_of,
        )
        for each in chosen
    ]


def first_source(chosen: Sequence[Chosen]) -> Source:
    """Name the source of the first item, and count it."""
    source: Source = chosen[0].rung.source if chosen else "popular"
    metrics.add_metric(name=f"AnsweredBy_{source}", unit=MetricUnit.Count, value=1)
    return source


def _why(chosen: Chosen, described: dict[str, str], country: str | None, verb: str) -> str | None:
    seed, source = chosen.candidate.because_of, chosen.rung.source
    if seed:
        return f"Because you {verb} {described.get(seed, seed)}."
    if source.startswith("popular"):
        where = f" in {country}" if source == "popular_in_country" and country else ""
        when = f" since {chosen.rung.since}" if chosen.rung.since else ""
        count = int(chosen.candidate.score)
        return f"Bought by {count:,} customer{'' if count == 1 else 's'}{where}{when}."
    return None
