"""The live run: read from the ledger, and cached for some seconds."""

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

_cached: tuple[float, Run] | None = None


def live(budget: Budget, at_most: float = WAIT_SECONDS) -> Run:
    """Return the live run; while the ledger does not respond, the one it named last.

    Raises ServiceError 503 while no run has ever been live, or while the ledger does not respond and no live
    run is cached.
    """
    global _cached  # noqa: PLW0603 - a cache per container is what is meant
    if _cached and time.monotonic() - _cached[0] < FRESH_SECONDS:
        return _cached[1]
    known = _cached[1] if _cached else None
    try:
        run = budget.wait(lambda: _read(known), at_most)
    except TooSlow:
        run = _or_known(known, "TooSlow")
    except Exception as error:  # noqa: BLE001 - whatever the ledger has, the last run still serves
        run = _or_known(known, type(error).__name__)
    if run is None:
        raise ServiceError(503, "No model is live yet: drop a file, and try again when its run is live.")
    _cached = (time.monotonic(), run)
    return run


def fresh_budget() -> Budget:
    """Start a request's budget, after a new container has loaded what it needs.

    Creating clients and loading the live run and its popular items do not count as part of the request's
    two seconds.
    """
    if _cached is None:
        aws.dynamodb()
        if settings().endpoint_mode != "none":
            aws.sagemaker_runtime(TIMEOUT_SECONDS)
        live(Budget(COLD_SECONDS), COLD_SECONDS)
    return Budget()


def clear_cache() -> None:
    """Clear the cache."""
    global _cached  # noqa: PLW0603
    _cached = None


def _read(known: Run | None) -> Run | None:
    run_id = ledger().pointer("live")
    if known and run_id == known.run_id and known.status is RunStatus.LIVE:
        return known  # what the API returns of it no longer changes
    run = ledger().get(run_id) if run_id else None
    if run:
        table.preload(popular_key(run.run_id))  # the last resort is cached before the run serves
    return run


def _or_known(known: Run | None, error: str) -> Run:
    logger.warning("ledger did not respond", error=error)
    if known is None:
        raise ServiceError(503, "The ledger does not respond, so the live model is unknown; try again.")
    return known
