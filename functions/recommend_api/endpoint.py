"""Invoke the endpoint, within a time that leaves enough for the other sources."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from recommend_api.breaker import Breaker
from recommend_api.budget import RESERVE, Budget, TooSlow
from recommend_api.fallback_chain import RecommendationCriteria
from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.answer_lists import BadAnswer, Scored, read_answer

TIMEOUT_SECONDS = 1.2
ONLY_SOURCE_SECONDS = 10.0
MAX_ITEMS = 1000  # that our image returns for one request

# Fields that our own image takes beyond the Marketplace algorithm's contract. With another algorithm the
# API leaves them out of the request, and applies the filters itself.
OWN_FIELDS = frozenset({"exclude", "exclude_purchased", "items", "similar_to"})

breaker = Breaker()


class EndpointResponse(NamedTuple):
    """What the endpoint recommends, and the run whose model it used."""

    run_id: str | None
    items: list[Scored]


class Refused(Exception):
    """The endpoint works, and refuses this request."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def supports(run: Run, field: str) -> bool:
    """Return whether the endpoint of a run takes a field besides ``user_id`` and ``top_n``."""
    return field in OWN_FIELDS and bool(run.configuration) and not run.of_marketplace


def recommend(
    run: Run, budget: Budget, criteria: RecommendationCriteria, unwanted: int = 0, **fields: Any
) -> EndpointResponse | None:
    """Get recommendations from the endpoint; ``None`` when it is missing, slow or failing.

    Up to ``unwanted`` items of its response may be filtered out afterwards, so that many more are requested.
    Of ``fields``, those that the endpoint does not support are left out.
    """
    fields = {**fields, "exclude": sorted(criteria.exclude)} if criteria.exclude else fields
    known = {name: value for name, value in fields.items() if name == "user_id" or supports(run, name)}
    not_excluded = 0 if "exclude" in known else len(criteria.exclude)
    request = json.dumps(
        {**known, "top_n": str(min(criteria.item_count(unwanted + not_excluded), MAX_ITEMS))}
    )
    try:
        answer = invoke(request.encode(), budget)
        items = read_answer(answer["Body"])
    except Refused:
        return None
    except BadAnswer as error:
        logger.warning("invalid endpoint response", error=str(error))
        return None
    except TooSlow:
        return None
    return EndpointResponse(names.run_of_variant(answer["InvokedProductionVariant"]), items)


def invoke(body: bytes, budget: Budget, *, only_source: bool = False) -> Mapping[str, Any]:
    """Invoke the endpoint; raises Refused for a refusal, and TooSlow for any other failure.

    Where it is the ``only_source`` of a response, the circuit breaker is ignored, and the call may take the
    whole budget.
    """
    if settings().endpoint_mode == "none" or not (only_source or breaker.allows()):
        raise TooSlow
    seconds = budget.left if only_source else min(TIMEOUT_SECONDS, max(budget.left - RESERVE, 0.0))
    try:
        answer = budget.wait(
            lambda: _invoke(body, ONLY_SOURCE_SECONDS if only_source else TIMEOUT_SECONDS), seconds
        )
    except Exception as error:
        refusal = _refusal(error)
        if refusal:
            breaker.succeeded()
            raise refusal from error
        breaker.failed()
        logger.warning("endpoint did not respond", error=_name(error))
        raise TooSlow from error
    breaker.succeeded()
    return answer


def _invoke(body: bytes, timeout: float) -> Mapping[str, Any]:
    answer = aws.sagemaker_runtime(timeout).invoke_endpoint(
        EndpointName=settings().endpoint_name,
        ContentType="application/json",
        Accept="application/json",
        Body=body,
    )
    return {
        "Body": answer["Body"].read(),
        "InvokedProductionVariant": answer.get("InvokedProductionVariant", ""),
    }


def _refusal(error: Exception) -> Refused | None:
    """Return the refusal (4xx of the container) that an error holds, ``None`` for any other failure."""
    said = getattr(error, "response", None) or {}
    status = said.get("OriginalStatusCode", 0)
    if 400 <= status < 500:
        return Refused(status, str(said.get("OriginalMessage") or "The algorithm refused the request."))
    return None


def _name(error: Exception) -> str:
    said = getattr(error, "response", None) or {}
    return str(said.get("Error", {}).get("Code") or type(error).__name__)
