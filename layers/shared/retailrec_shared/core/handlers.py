"""What wraps every event handler: context in the log, a trace, metrics, and waiting that is no failure."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.tracing import tracer

Handler = Callable[[dict[str, Any], LambdaContext], None]


def event_handler(handle: Callable[[dict[str, Any]], None]) -> Handler:
    """Make a Lambda handler of a function that takes the event.

    ``NotYet`` ends the invocation well: the ledger holds what is waited for, and
    a later event or the reconciler goes on. Other errors reach Lambda, which
    retries and then keeps the event in the dead-letter queue.
    """

    @logger.inject_lambda_context(clear_state=True)
    @tracer.capture_lambda_handler(capture_response=False)
    @metrics.log_metrics
    @wraps(handle)
    def handler(event: dict[str, Any], _context: LambdaContext) -> None:
        try:
            handle(event)
        except NotYet as waiting:
            metrics.add_metric(name="StepsWaiting", unit=MetricUnit.Count, value=1)
            logger.warning("not yet", reason=str(waiting))

    return cast("Handler", handler)
