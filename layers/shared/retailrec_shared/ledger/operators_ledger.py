"""The ledger for operators' commands: writes that no event ever makes."""

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

# AWS's Date header has whole seconds, and a response takes some time.
EXACT = timedelta(seconds=3)


class OperatorsLedger(Ledger):
    """The ledger, with the two writes that only an operator's command makes.

    ``status_at`` is corrected to AWS's clock: with a local clock that is minutes slow, the reconciler's
    waiting times would be over before they began. (AWS refuses a clock that is five minutes off.)
    """

    def __init__(self, table: str, client: "DynamoDBClient") -> None:
        super().__init__(table, client)
        self._slow = timedelta(0)
        if hasattr(client, "meta"):
            client.meta.events.register("after-call.dynamodb", self._read_clock)

    def _read_clock(self, http_response: Any, **_call: Any) -> None:
        try:
            behind = parsedate_to_datetime(http_response.headers["date"]) - datetime.now(UTC)
        except (KeyError, TypeError, ValueError):  # no date, or an invalid one
            return
        self._slow = behind if abs(behind) > EXACT else timedelta(0)

    def _now(self) -> str:
        return timestamp(datetime.now(UTC) + self._slow)

    def roll_back(self, target: Run, live: Run, reason: str) -> bool:
        """Make a superseded run live in place of the live one, in one transaction; False if either changed.

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
        """Return the latest run that this rolls back; after several roll-backs, the one before the first."""
        first = self.get(live.rollout.rolled_back_from) if live.rollout.rolled_back_from else None
        latest = first or live
        return latest.run_id if target.order < latest.order else None

    def forget_endpoint_request(self, run_id: str) -> None:
        """Clear the last endpoint request if it is for this run, so that it is made again."""
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
