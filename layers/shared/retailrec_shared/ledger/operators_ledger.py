"""The ledger as operators write to it: what no event ever does."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.endpoint_request import PK as ENDPOINT_REQUEST
from retailrec_shared.ledger.items import (
    change,
    compare_and_set,
    raise_unless_overtaken,
    raise_unless_refused,
)
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# AWS tells whole seconds, and an answer takes its time.
EXACT = timedelta(seconds=3)


class OperatorsLedger(Ledger):
    """The ledger, with the two writes that only an operator's word allows.

    When a run moved is written by AWS's clock: what the reconciler waits for after that would be over
    before it began, were it by a laptop's that is minutes slow. (AWS refuses one that is five minutes off.)
    """

    def __init__(self, table: str, client: "DynamoDBClient") -> None:
        super().__init__(table, client)
        self._slow = timedelta(0)
        if hasattr(client, "meta"):
            client.meta.events.register("after-call.dynamodb", self._read_clock)

    def _read_clock(self, http_response: Any, **_call: Any) -> None:
        try:
            behind = parsedate_to_datetime(http_response.headers["date"]) - datetime.now(UTC)
        except (KeyError, TypeError, ValueError):  # no date, or none that is one
            return
        self._slow = behind if abs(behind) > EXACT else timedelta(0)

    def _now(self) -> str:
        return timestamp(datetime.now(UTC) + self._slow)

    def roll_back(self, target: Run, live: Run, reason: str) -> bool:
        """Let a superseded run serve in the live one's place, all at once; return whether both were as read.

        The run that serves remembers from which later one it was rolled back: nothing earlier than
        that one replaces it, and no late event brings back what an operator rolled back.
        """
        back = {
            "status_at": self._now(),
            "rolled_back_from": self._rolled_back_from(target, live),
            "replaced": live.run_id,
            "announced": None,
            "reason": None,
        }
        gone = {"status_at": self._now(), "reason": reason}
        to, here = {"to": target.run_id, "order": target.order}, {"from": live.run_id}
        writes = [
            change(
                self._table, "live", "SET run_id = :to, upload_order = :order", "run_id = :from", to | here
            ),
            compare_and_set(self._table, target, RunStatus.LIVE, back),
            compare_and_set(self._table, live, RunStatus.SUPERSEDED, gone),
        ]
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Update": write} for write in writes])
        except ClientError as error:
            raise_unless_overtaken(error)
            return False
        return True

    def _rolled_back_from(self, target: Run, live: Run) -> str | None:
        """Name the latest run that is rolled back by this: after several roll-backs, still the first one."""
        first = self.get(live.rollout.rolled_back_from) if live.rollout.rolled_back_from else None
        latest = first or live
        return latest.run_id if target.order < latest.order else None

    def forget_endpoint_request(self, run_id: str) -> None:
        """Forget that the endpoint was asked last to serve a run, if it was: it may be asked again."""
        forgotten = change(
            self._table,
            ENDPOINT_REQUEST,
            "SET run_id = :none, accepted = :no, #number = #number + :one",
            "run_id = :run",
            {"run": run_id, "none": "", "no": False, "one": 1},
            {"#number": "number"},
        )
        try:
            self._dynamodb.update_item(**forgotten)
        except ClientError as error:
            raise_unless_refused(error)
