"""The decorator of every event handler: logging context, tracing, metrics, and ``NotYet`` as a success."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.tracing import tracer

Handler = Callable[[dict[str, Any], LambdaContext], None]


def event_handler(handle: Callable[[dict[str, Any]], None]) -> Handler:
    """Return a Lambda handler that calls a function with the event, as ``timed_event_handler`` does."""

    @wraps(handle)
    def without_time(event: dict[str, Any], _invocation: Invocation) -> None:
        handle(event)

    return timed_event_handler(without_time)


def timed_event_handler(handle: Callable[[dict[str, Any], Invocation], None]) -> Handler:
    """Return a Lambda handler that calls a function with the event and with the invocation's time.

    ``NotYet`` ends the invocation without an error: the ledger holds what is waited for, and
    a later event or the reconciler continues. Other errors reach Lambda, which
    retries and then keeps the event in the dead-letter queue.
    """

    @logger.inject_lambda_context(clear_state=True)
    @tracer.capture_lambda_handler(capture_response=False)
    @metrics.log_metrics
    @wraps(handle)
    def handler(event: dict[str, Any], context: LambdaContext) -> None:
        try:
            handle(event, Invocation.of(context))
        except NotYet as waiting:
            metrics.add_metric(name="StepsWaiting", unit=MetricUnit.Count, value=1)
            logger.warning("step is waiting", reason=str(waiting))

    return cast("Handler", handler)
