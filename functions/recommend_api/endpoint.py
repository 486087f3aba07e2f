"""Asking the endpoint, within a time that leaves room for what answers instead."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from recommend_api.breaker import Breaker
from recommend_api.budget import RESERVE, Budget, TooSlow
from recommend_api.ladder import Wish
from retailrec_shared.core import aws, names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.answer_lists import BadAnswer, Scored, read_answer

TIMEOUT_SECONDS = 1.2
ALONE_SECONDS = 10.0
MOST = 1000  # items that our image gives at once

# What our own image understands beyond the contract of the Marketplace's algorithm. Whoever asks for
# more is answered as far as the endpoint can, and the API sees to the rest.
OWN_FIELDS = frozenset({"exclude", "exclude_purchased", "items", "similar_to"})

breaker = Breaker()


class Answer(NamedTuple):
    """What the endpoint recommends, and the run whose model it was."""

    run_id: str | None
    items: list[Scored]


class Refused(Exception):
    """The endpoint is well, and refuses this request."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def understands(run: Run, field: str) -> bool:
    """Tell whether the endpoint of a run takes a field beside ``user_id`` and ``top_n``."""
    return field in OWN_FIELDS and bool(run.configuration) and not run.of_marketplace


def ask(run: Run, budget: Budget, wish: Wish, unwanted: int = 0, **fields: Any) -> Answer | None:
    """Ask the endpoint for what is wished; ``None`` when it cannot answer (missing, slow, failing).

    So many ``unwanted`` items may come with it, so it is asked for as many more. Of ``fields``, those that it
    does not understand are left out.
    """
    fields = {**fields, "exclude": sorted(wish.exclude)} if wish.exclude else fields
    known = {name: value for name, value in fields.items() if name == "user_id" or understands(run, name)}
    kept_in = 0 if "exclude" in known else len(wish.exclude)
    request = json.dumps({**known, "top_n": str(min(wish.to_ask(unwanted + kept_in), MOST))})
    try:
        answer = invoke(request.encode(), budget)
        items = read_answer(answer["Body"])
    except Refused:
        return None
    except BadAnswer as error:
        logger.warning("endpoint talks nonsense", error=str(error))
        return None
    except TooSlow:
        return None
    return Answer(names.run_of_variant(answer["InvokedProductionVariant"]), items)


def invoke(body: bytes, budget: Budget, *, alone: bool = False) -> Mapping[str, Any]:
    """Invoke the endpoint; raises Refused, or TooSlow for whatever else keeps it from answering.

    A call that stands ``alone``, since nothing else can answer it, is made whatever the breaker says, and
    may take all of its budget.
    """
    if settings().endpoint_mode == "none" or not (alone or breaker.allows()):
        raise TooSlow
    seconds = budget.left if alone else min(TIMEOUT_SECONDS, max(budget.left - RESERVE, 0.0))
    try:
        answer = budget.wait(lambda: _invoke(body, ALONE_SECONDS if alone else TIMEOUT_SECONDS), seconds)
    except Exception as error:
        refusal = _refusal(error)
        if refusal:
            breaker.succeeded()
            raise refusal from error
        breaker.failed()
        logger.warning("endpoint gave no answer", error=_name(error))
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
    """Tell an endpoint that refuses a request (4xx of the container) from one that is not well."""
    said = getattr(error, "response", None) or {}
    status = said.get("OriginalStatusCode", 0)
    if 400 <= status < 500:
        return Refused(status, str(said.get("OriginalMessage") or "The algorithm refused the request."))
    return None


def _name(error: Exception) -> str:
    said = getattr(error, "response", None) or {}
    return str(said.get("Error", {}).get("Code") or type(error).__name__)
