"""How the ledger's items are written: DynamoDB's notation, the changes that move a run, and refusals."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING, Any

from retailrec_shared.core import aws
from retailrec_shared.core.status import RunStatus, before
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import now

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict", "None"})


@cache
def _types() -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """DynamoDB's types, both ways; boto3 is not imported before it is needed."""
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    return TypeSerializer().serialize, TypeDeserializer().deserialize


def _serialize(value: Any) -> Any:
    return _types()[0](value)


def _deserialize(value: Any) -> Any:
    return _types()[1](value)


def key_of(run_id: str) -> str:
    """Key of a run's item."""
    return f"run#{run_id}"


def read(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read an item."""
    return {name: _deserialize(value) for name, value in item.items()}


def plain(value: Any) -> Any:
    """DynamoDB takes no floats: numbers travel as text, and pydantic reads them back."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    return value


def run_item(run: Run) -> dict[str, Any]:
    """Write the item of a new run."""
    attributes = run.attributes(exclude_none=True)
    del attributes["status"]  # the item's own: the conditions of all moves name it
    item = {
        "pk": key_of(run.run_id),
        "kind": "run",
        "upload_order": run.order,
        "status": run.status.value,
        "run": plain(attributes),
    }
    return {name: _serialize(value) for name, value in item.items()}


def change(
    table: str,
    pk: str,
    expression: str,
    condition: str,
    values: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
) -> Any:
    """Build the update of an item, for a transaction or by itself; ``values`` are named without colons."""
    return {
        "TableName": table,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": _serialize(value) for name, value in values.items()},
    } | ({"ExpressionAttributeNames": dict(names)} if names else {})


def move(
    table: str,
    run_id: str,
    to: RunStatus,
    fields: Mapping[str, Any],
    starts: AbstractSet[RunStatus] | None = None,
) -> Any:
    """Build the move of a run from where the state machine, or ``starts``, lets it begin.

    The gate holds no model that an operator has approved: whoever judges it had read the run before that.
    """
    allowed = sorted(starts or before(to))
    fields = {**fields, "status_at": now()}
    unless = " AND attribute_not_exists(#run.overruled)" if to is RunStatus.MODEL_REJECTED else ""
    sets = ["#status = :status", *(f"#run.#{name} = :{name}" for name in fields)]
    return change(
        table,
        key_of(run_id),
        f"SET {', '.join(sets)}",
        f"#status IN ({', '.join(f':from{i}' for i in range(len(allowed)))}){unless}",
        {"status": to.value, **plain(fields)} | {f"from{i}": start.value for i, start in enumerate(allowed)},
        {"#run": "run", "#status": "status"} | {f"#{name}": name for name in fields},
    )


def compare_and_set(
    table: str, run: Run, to: RunStatus, fields: Mapping[str, Any], stages: Mapping[str, Any] | None = None
) -> Any:
    """Build an operator's change of a run: only if nothing moved or retired it since it was read."""
    stages = stages or {}
    sets = ["#status = :to", *(f"#run.#{name} = :{name}" for name in fields)]
    sets += [f"#run.stages.#{stage} = :{stage}" for stage in stages]
    seen = {"seen": run.status.value, "seen_at": run.status_at, "seen_retired": run.cleanup.retired}
    return change(
        table,
        key_of(run.run_id),
        f"SET {', '.join(sets)}",
        "#status = :seen AND #run.status_at = :seen_at AND #run.retired = :seen_retired",
        {"to": to.value, **plain(fields), **stages, **seen},
        {"#run": "run", "#status": "status"} | {f"#{name}": name for name in [*fields, *stages]},
    )


def raise_unless_refused(error: "ClientError") -> None:
    """Go on after a write whose condition did not hold; raise any other error."""
    if aws.error_code(error) != "ConditionalCheckFailedException":
        raise error


def raise_unless_overtaken(error: "ClientError") -> None:
    """Go on after a transaction that somebody else's write was faster than; raise any other error."""
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons}
    if aws.error_code(error) != "TransactionCanceledException" or not codes <= CONFLICTS:
        raise error
