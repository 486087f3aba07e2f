"""Access to the ledger's table, shared by the classes that read and change its items."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from retailrec_shared.core import aws
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.items import raise_unless_refused, read
from retailrec_shared.ledger.run import Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class LedgerTable:
    """The table, by a client of the caller's or else by the function's own.

    ``on_move`` is called with the new status of each run that a call moved, ``on_unreadable`` with the key of
    each item that cannot be read and the class of the error.
    """

    def __init__(
        self,
        table: str,
        client: "DynamoDBClient | None" = None,
        on_move: Callable[[RunStatus], None] = lambda _status: None,
        on_unreadable: Callable[[str, str], None] = lambda _pk, _error: None,
    ) -> None:
        self._table = table
        self._client = client
        self._on_move = on_move
        self._on_unreadable = on_unreadable

    @property
    def _dynamodb(self) -> "DynamoDBClient":
        return self._client or aws.dynamodb()

    def _send(self, changed: Any) -> Run | None:
        """Make a change of a run; return the run as it is then, or None when the condition did not hold."""
        try:
            answer = self._dynamodb.update_item(**changed, ReturnValues="ALL_NEW")
        except aws.client_error() as error:
            raise_unless_refused(error)
            return None
        return Run.load(read(answer["Attributes"]))
