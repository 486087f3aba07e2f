"""The last request to SageMaker about the endpoint: which run it should serve, and whether that was accepted.

A request is recorded before the call, and marked as accepted after it. So a roll-back by SageMaker can be
distinguished from a call that never happened, at whatever point a function dies. Each request has a number,
and is written only if the one before is still the last: a slow function cannot undo a later request.
"""

from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.items import change, raise_unless_refused, read

# Earlier releases' items have this key.
PK = "attempt"


class EndpointRequest(NamedTuple):
    """The run that the endpoint should serve, and whether SageMaker accepted that."""

    run_id: str = ""
    """Empty before the first request, and to have the same run requested again."""
    accepted: bool = False
    number: int = 0
    """From 1; each request adds one."""
    config: str = ""
    """Name of the endpoint config; empty in items of earlier releases."""

    def asked_for(self, run_id: str, config: str) -> bool:
        """Return whether SageMaker accepted a request for a run with this endpoint config."""
        return self.accepted and self.run_id == run_id and self.config in ("", config)


def last() -> EndpointRequest:
    """Read the last request, strongly consistent."""
    answer = aws.dynamodb().get_item(
        TableName=settings().ledger_table, Key={"pk": {"S": PK}}, ConsistentRead=True
    )
    if "Item" not in answer:
        return EndpointRequest()
    item = read(answer["Item"])
    return EndpointRequest(
        str(item["run_id"]),
        bool(item.get("accepted")),
        int(item.get("number", 0)),
        str(item.get("config", "")),
    )


def record(run_id: str, after: EndpointRequest, config: str = "") -> EndpointRequest | None:
    """Record a request before SageMaker is called; return ``None`` if ``after`` is not the last one any more.

    An empty id clears the last request.
    """
    request = EndpointRequest(run_id, accepted=False, number=after.number + 1, config=config)
    unchanged = "attribute_not_exists(#number) OR #number = :after"
    return request if _write(request, unchanged, {"after": after.number}) else None


def mark_accepted(request: EndpointRequest) -> None:
    """Record that SageMaker accepted a request, unless there is a later one."""
    _write(request._replace(accepted=True), "#number = :number", {})


def _write(request: EndpointRequest, condition: str, values: dict[str, Any]) -> bool:
    expression = "SET run_id = :run_id, accepted = :accepted, #number = :number, config = :config"
    names = {"#number": "number"}
    changed = change(settings().ledger_table, PK, expression, condition, request._asdict() | values, names)
    try:
        aws.dynamodb().update_item(**changed)
    except ClientError as error:
        raise_unless_refused(error)
        return False
    return True
