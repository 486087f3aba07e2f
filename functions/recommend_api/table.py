"""Reads of the serving table, with a cache for what all customers share."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.event_handler.exceptions import ServiceError

from recommend_api.breaker import Breaker
from recommend_api.budget import Budget, TooSlow
from retailrec_shared.core.observability import logger
from retailrec_shared.serving.table import serving

WAIT_SECONDS = 0.5
FRESH_SECONDS = 60.0
RETRY_SECONDS = 5.0
MAX_ENTRIES = 20_000

breaker = Breaker()
_cache: OrderedDict[str, tuple[float, Any]] = OrderedDict()


def read(keys: Iterable[str], budget: Budget) -> dict[str, Any]:
    """Read bodies without the cache; what is missing, or cannot be read in time, is left out."""
    wanted = list(dict.fromkeys(keys))
    return _read(wanted, budget) or {} if wanted else {}


class TableUnavailable(ServiceError):
    """The table does not respond: that is not the same as having no entry."""

    def __init__(self) -> None:
        super().__init__(503, "The serving table does not respond in time; try again.")


def read_or_raise(key: str, budget: Budget) -> Any:
    """Read one body, ``None`` where there is none; raises TableUnavailable."""
    found = _read([key], budget, budget.left)
    if found is None:
        raise TableUnavailable
    return found.get(key)


def read_cached(keys: Iterable[str], budget: Budget) -> dict[str, Any]:
    """Read bodies that all customers share, from the cache if fresh or if the table does not respond."""
    keys = list(dict.fromkeys(keys))
    moment = time.monotonic()
    stale = [key for key in keys if key not in _cache or moment - _cache[key][0] > FRESH_SECONDS]
    if stale:
        found = _read(stale, budget)
        for key in stale:
            if found is not None:
                # A missing entry is not cached: the endpoint may name a run before its entries are published.
                _cache.pop(key, None)
                if key in found:
                    _cache[key] = (moment, found[key])
            elif key in _cache:  # do not wait at every request for a table that does not respond
                _cache[key] = (moment - FRESH_SECONDS + RETRY_SECONDS, _cache[key][1])
    bodies = {key: _cache[key][1] for key in keys if key in _cache}
    while len(_cache) > MAX_ENTRIES:
        _cache.popitem(last=False)
    return {key: body for key, body in bodies.items() if body is not None}


def read_cached_or_raise(key: str, budget: Budget) -> Any:
    """Read one body, from the cache where it is fresh; raises TableUnavailable when neither has an answer."""
    found = read_cached([key], budget).get(key)
    if found is None and key not in _cache:
        found = read_or_raise(key, budget)
    return found


def preload(key: str) -> None:
    """Read a body into the cache; raises the table's error."""
    _cache[key] = (time.monotonic(), serving().get([key]).get(key))


def clear_cache() -> None:
    """Clear the cache, and close the breaker."""
    _cache.clear()
    breaker.succeeded()


def _read(keys: list[str], budget: Budget, at_most: float = WAIT_SECONDS) -> dict[str, Any] | None:
    if at_most <= WAIT_SECONDS and not breaker.allows():
        return None
    try:
        found = budget.wait(lambda: serving().get(keys), at_most)
    except TooSlow:
        breaker.failed()
        logger.warning("serving table did not respond", error="TooSlow")
    except Exception as error:  # noqa: BLE001 - whatever the table has, another source can answer
        breaker.failed()
        logger.warning("serving table did not respond", error=type(error).__name__)
    else:
        breaker.succeeded()
        return found
    return None
