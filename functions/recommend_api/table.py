"""Reading the serving table, with a memory for what all customers share."""

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
MOST_ENTRIES = 20_000

breaker = Breaker()
_memory: OrderedDict[str, tuple[float, Any]] = OrderedDict()


def read(keys: Iterable[str], budget: Budget) -> dict[str, Any]:
    """Read bodies past the memory; what is missing, or cannot be read in time, is left out."""
    wanted = list(dict.fromkeys(keys))
    return _read(wanted, budget) or {} if wanted else {}


class Silent(ServiceError):
    """The table does not answer: that is not the same as having no entry."""

    def __init__(self) -> None:
        super().__init__(503, "The table of this run does not answer in time; try again.")


def read_surely(key: str, budget: Budget) -> Any:
    """Read one body, ``None`` where there is none; raises Silent when the table is."""
    found = _read([key], budget, budget.left)
    if found is None:
        raise Silent
    return found.get(key)


def recall(keys: Iterable[str], budget: Budget) -> dict[str, Any]:
    """Read bodies of catalogue and rankings, from memory where it is fresh, or the table is silent."""
    keys = list(dict.fromkeys(keys))
    moment = time.monotonic()
    stale = [key for key in keys if key not in _memory or moment - _memory[key][0] > FRESH_SECONDS]
    if stale:
        found = _read(stale, budget)
        for key in stale:
            if found is not None:
                # Absence is not remembered: the endpoint may name a run before its entries are published.
                _memory.pop(key, None)
                if key in found:
                    _memory[key] = (moment, found[key])
            elif key in _memory:  # do not wait for a silent table at every request
                _memory[key] = (moment - FRESH_SECONDS + RETRY_SECONDS, _memory[key][1])
    bodies = {key: _memory[key][1] for key in keys if key in _memory}
    while len(_memory) > MOST_ENTRIES:
        _memory.popitem(last=False)
    return {key: body for key, body in bodies.items() if body is not None}


def recall_surely(key: str, budget: Budget) -> Any:
    """Read one body, from memory where it is fresh; raises Silent when neither memory nor table tells."""
    found = recall([key], budget).get(key)
    if found is None and key not in _memory:
        found = read_surely(key, budget)
    return found


def prime(key: str) -> None:
    """Read a body into memory; raises whatever keeps it from being read."""
    _memory[key] = (time.monotonic(), serving().get([key]).get(key))


def forget() -> None:
    """Forget all that was read."""
    _memory.clear()
    breaker.succeeded()


def _read(keys: list[str], budget: Budget, at_most: float = WAIT_SECONDS) -> dict[str, Any] | None:
    if at_most <= WAIT_SECONDS and not breaker.allows():
        return None
    try:
        found = budget.wait(lambda: serving().get(keys), at_most)
    except TooSlow:
        breaker.failed()
        logger.warning("table gave no answer", error="TooSlow")
    except Exception as error:  # noqa: BLE001 - whatever the table has, another source can answer
        breaker.failed()
        logger.warning("table gave no answer", error=type(error).__name__)
    else:
        breaker.succeeded()
        return found
    return None
