"""What SageMaker was last told, or was about to be told, to let the endpoint serve.

A wish is noted before the call, and noted as accepted after it. So a roll-back can be
told from a call that never happened, whenever a function dies. Each wish has a number,
and is only noted by who knows the one before: a slow function cannot undo a later wish.
"""

from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.items import change, raise_unless_refused, read

PK = "attempt"


class Wish(NamedTuple):
    """The run that the endpoint should serve, and whether SageMaker took that; no run before the first."""

    run_id: str = ""
    accepted: bool = False
    number: int = 0


def last() -> Wish:
    """Read the last wish."""
    answer = aws.dynamodb().get_item(
        TableName=settings().ledger_table, Key={"pk": {"S": PK}}, ConsistentRead=True
    )
    if "Item" not in answer:
        return Wish()
    item = read(answer["Item"])
    return Wish(str(item["run_id"]), bool(item.get("accepted")), int(item.get("number", 0)))


def make(run_id: str, after: Wish) -> Wish | None:
    """Note a wish before SageMaker is told; None if somebody made one since ``after`` was read.

    An empty id forgets the last wish.
    """
    wish = Wish(run_id, accepted=False, number=after.number + 1)
    unchanged = "attribute_not_exists(#number) OR #number = :after"
    return wish if _note(wish, unchanged, {"after": after.number}) else None


def note_accepted(wish: Wish) -> None:
    """Note that SageMaker took a wish, unless somebody made another one since."""
    _note(wish._replace(accepted=True), "#number = :number", {})


def _note(wish: Wish, condition: str, values: dict[str, Any]) -> bool:
    expression = "SET run_id = :run_id, accepted = :accepted, #number = :number"
    names = {"#number": "number"}
    changed = change(settings().ledger_table, PK, expression, condition, wish._asdict() | values, names)
    try:
        aws.dynamodb().update_item(**changed)
    except ClientError as error:
        raise_unless_refused(error)
        return False
    return True
