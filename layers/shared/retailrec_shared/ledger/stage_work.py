"""Work at a stage that takes several invocations: who does it, how far it got, and how it fails.

The record of a stage's attempt keeps this, so an operator's retry begins at the start.
"""

from collections.abc import Mapping
from functools import cache

from retailrec_shared.core import counting
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.items import change, key_of
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import now
from retailrec_shared.ledger.table import LedgerTable

_PLACE = "#run.stages.#stage"
_MINE = f"#status = :status AND {_PLACE}.lease_by = :me"


class StageWork(LedgerTable):
    """Reads and changes the records of stages."""

    def acquire(self, run_id: str, stage: Stage, by: str, until: str) -> Run | None:
        """Acquire the lease of a stage of an approved run; return None while another invocation has it.

        An invocation that Lambda repeats after it was killed has the same id, and takes its own lease over.
        """
        return self._of_approved(
            run_id,
            stage,
            f"SET {_PLACE}.lease_until = :until, {_PLACE}.lease_by = :me, "
            f"{_PLACE}.leases = if_not_exists({_PLACE}.leases, :none) + :one",
            f"#status = :status AND (attribute_not_exists({_PLACE}.lease_until) "
            f"OR {_PLACE}.lease_until < :now OR {_PLACE}.lease_by = :me)",
            {"until": until, "me": by, "now": now(), "none": 0, "one": 1},
        )

    def note(self, run_id: str, stage: Stage, by: str, until: str, position: dict[str, int]) -> bool:
        """Record how far the stage got, and hold the lease longer; False if another invocation has it.

        Earlier failures do not count any more.
        """
        noted = self._of_approved(
            run_id,
            stage,
            f"SET {_PLACE}.lease_until = :until, {_PLACE}.leases = :one, {_PLACE}.#position = :position "
            f"REMOVE {_PLACE}.failure, {_PLACE}.failures",
            _MINE,
            {"until": until, "me": by, "one": 1, "position": position},
            {"#position": "position"},
        )
        return noted is not None

    def hold(self, run_id: str, stage: Stage, by: str, until: str) -> bool:
        """Hold the lease longer; return False if another invocation has it."""
        values = {"until": until, "me": by}
        return bool(self._of_approved(run_id, stage, f"SET {_PLACE}.lease_until = :until", _MINE, values))

    def release(self, run_id: str, stage: Stage, by: str) -> None:
        """Release the lease: this invocation ended by itself, so it does not count."""
        self._of_approved(
            run_id,
            stage,
            f"SET {_PLACE}.lease_until = :free, {_PLACE}.leases = {_PLACE}.leases + :less",
            _MINE,
            {"free": "", "me": by, "less": -1},
        )

    def count_failure(self, run_id: str, stage: Stage, failure: str) -> int:
        """Record that a stage failed; return how often in a row it has failed in this way."""
        again = self._of_any(
            run_id,
            stage,
            f"SET {_PLACE}.failures = {_PLACE}.failures + :one",
            f"{_PLACE}.failure = :failure",
            {"failure": failure, "one": 1},
        )
        first = again or self._of_any(
            run_id,
            stage,
            f"SET {_PLACE}.failure = :failure, {_PLACE}.failures = :one",
            "attribute_exists(pk)",
            {"failure": failure, "one": 1},
        )
        return (first and first.stages[stage].failures) or 0

    def _of_approved(
        self,
        run_id: str,
        stage: Stage,
        expression: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> Run | None:
        named = {"#status": "status", **(names or {})}
        values = {**values, "status": RunStatus.APPROVED.value}
        return self._of_any(run_id, stage, expression, condition, values, named)

    def _of_any(
        self,
        run_id: str,
        stage: Stage,
        expression: str,
        condition: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> Run | None:
        named = {"#run": "run", "#stage": stage.value, **(names or {})}
        return self._send(change(self._table, key_of(run_id), expression, condition, values, named))


@cache
def stage_work() -> StageWork:
    """Return the stack's records of stages."""
    return StageWork(settings().ledger_table, on_move=counting.count_run)
