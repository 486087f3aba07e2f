"""The ledger's table, as those see it who read and move what stands in it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from retailrec_shared.core import aws
from retailrec_shared.core.status import RunStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class LedgerTable:
    """A table; without a client, by the function's own.

    ``tell`` hears of each run that this very call moved, ``warn`` of each item that cannot be read, and why.
    """

    def __init__(
        self,
        table: str,
        client: "DynamoDBClient | None" = None,
        tell: Callable[[RunStatus], None] = lambda _status: None,
        warn: Callable[[str, str], None] = lambda _pk, _error: None,
    ) -> None:
        self._table = table
        self._client = client
        self._tell = tell
        self._warn = warn

    @property
    def _dynamodb(self) -> "DynamoDBClient":
        return self._client or aws.dynamodb()
