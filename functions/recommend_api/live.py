"""Which run is live: the ledger's word for it, remembered for a moment."""

import time

from aws_lambda_powertools.event_handler.exceptions import ServiceError

from recommend_api import table
from recommend_api.budget import Budget, TooSlow
from recommend_api.endpoint import TIMEOUT_SECONDS
from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import popular_key

FRESH_SECONDS = 5.0
WAIT_SECONDS = 0.6
COLD_SECONDS = 6.0

_remembered: tuple[float, Run] | None = None


def live(budget: Budget, at_most: float = WAIT_SECONDS) -> Run:
    """Return the live run; when the ledger does not answer, the one it named last.

    Raises ServiceError 503 while no run has ever been live, or none is known and the ledger is silent.
    """
    global _remembered  # noqa: PLW0603 - a cache per container is what is meant
    if _remembered and time.monotonic() - _remembered[0] < FRESH_SECONDS:
        return _remembered[1]
    known = _remembered[1] if _remembered else None
    try:
        run = budget.wait(lambda: _read(known), at_most)
    except TooSlow:
        run = _or_known(known, "TooSlow")
    except Exception as error:  # noqa: BLE001 - whatever the ledger has, the last run still serves
        run = _or_known(known, type(error).__name__)
    if run is None:
        raise ServiceError(503, "No model is live yet: drop a file, and ask again when its run is live.")
    _remembered = (time.monotonic(), run)
    return run


def fresh_budget() -> Budget:
    """Start a request's budget, after a fresh container was made ready.

    Clients, the live run and the last resort are no part of a request's two seconds.
    """
    if _remembered is None:
        aws.dynamodb()
        if settings().endpoint_mode != "none":
            aws.sagemaker_runtime(TIMEOUT_SECONDS)
        live(Budget(COLD_SECONDS), COLD_SECONDS)
    return Budget()


def forget() -> None:
    """Forget which run is live."""
    global _remembered  # noqa: PLW0603
    _remembered = None


def _read(known: Run | None) -> Run | None:
    run_id = ledger().pointer("live")
    if known and run_id == known.run_id and known.status is RunStatus.LIVE:
        return known  # what the API says of it changes no more
    run = ledger().get(run_id) if run_id else None
    if run:
        table.prime(popular_key(run.run_id))  # the last resort is at hand before the run is answered from
    return run


def _or_known(known: Run | None, error: str) -> Run:
    logger.warning("ledger gave no answer", error=error)
    if known is None:
        raise ServiceError(503, "It cannot be told which model is live; try again.")
    return known
