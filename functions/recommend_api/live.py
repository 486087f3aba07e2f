"""Which run is live: the ledger's pointer, remembered for a moment."""

import time

from aws_lambda_powertools.event_handler.exceptions import ServiceError

from retailrec_shared.ledger import ledger

FRESH_SECONDS = 5.0

_remembered: tuple[float, str] | None = None


def live_run() -> str:
    """Return the live run's id; raises ServiceError 503 while no run has ever been live."""
    global _remembered  # noqa: PLW0603 - a cache per container is what is meant
    if _remembered and time.monotonic() - _remembered[0] < FRESH_SECONDS:
        return _remembered[1]
    run_id = ledger().pointer("live")
    if run_id is None:
        raise ServiceError(503, "No model is live yet: drop a file, and ask again when its run is live.")
    _remembered = (time.monotonic(), run_id)
    return run_id


def forget() -> None:
    """Forget which run is live."""
    global _remembered  # noqa: PLW0603
    _remembered = None
