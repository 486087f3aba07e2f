"""The ledger: one item per run, moved forward only, by conditional writes.

The pointer ``live`` names the run that serves. It moves only to a run of a later
upload, so an old run never replaces a newer one; and in one transaction with the
two runs' statuses, so that pointer and statuses always agree.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal

from retailrec_shared.core import aws, counting
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import BY_OPERATOR, DEPLOYABLE, NEXT, RunStatus, Stage, before
from retailrec_shared.ledger.items import (
    change,
    compare_and_set,
    key_of,
    move,
    plain,
    raise_unless_overtaken,
    raise_unless_refused,
    read,
    run_item,
)
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, now
from retailrec_shared.ledger.table import LedgerTable

Pointer = Literal["live"]
BY_UPLOAD = "by_upload"

_PLACE = "#run.stages.#stage"
FIRST = (
    f"SET {_PLACE}.{{0}} = if_not_exists({_PLACE}.{{0}}, :value) "
    f"REMOVE {_PLACE}.waiting, {_PLACE}.unsettled_since"
)
WAITS = f"SET {_PLACE}.waiting = :value REMOVE {_PLACE}.unsettled_since"
UNSETTLED = (
    f"SET {_PLACE}.waiting = :value, {_PLACE}.unsettled_since = if_not_exists({_PLACE}.unsettled_since, :now)"
)
WORKED = f"{FIRST}, {_PLACE}.failure, {_PLACE}.failures"
# Tries to change the live run; each failure means that another change succeeded.
GO_LIVE_TRIES = 5


class GoLiveResult(Enum):
    """The result of making a run live."""

    LIVE = "it serves now"
    OVERTAKEN = "a later upload is live"
    ENDED = "it is not approved any more"


class Ledger(LedgerTable):
    """Reads and moves runs."""

    def open_run(self, run: Run) -> bool:
        """Record a new run; return False when the ledger has it already."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=run_item(run),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except aws.client_error() as error:
            raise_unless_refused(error)
            return False
        self._on_move(run.status)
        return True

    def get(self, run_id: str) -> Run | None:
        """Read a run, strongly consistent."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key={"pk": {"S": key_of(run_id)}}, ConsistentRead=True
        )
        return Run.load(read(answer["Item"])) if "Item" in answer else None

    def runs(self, limit: int | None = None) -> Iterator[Run]:
        """Yield the runs, the newest upload first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_UPLOAD,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": "run"}},
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": limit} if limit else {},
        )
        for page in pages:
            for item in page["Items"]:
                try:
                    run = Run.load(read(item))
                except (KeyError, TypeError, ValueError) as error:  # edited by hand: the other runs are read
                    self._on_unreadable(str(item["pk"]["S"]), type(error).__name__)
                else:
                    yield run

    def move(self, run_id: str, to: RunStatus, **fields: Any) -> Run | None:
        """Move a run forward and set some of its attributes; return None when its status does not allow that.

        The live run is not moved: it ends only in the transaction that makes another run live.
        """
        moved = self._send(move(self._table, run_id, to, fields, before(to) - {RunStatus.LIVE}))
        if moved:
            self._on_move(to)
        return moved

    def record(self, run_id: str, **fields: Any) -> Run | None:
        """Set some of a run's attributes without moving it."""
        sets = ", ".join(f"#run.#{name} = :{name}" for name in fields)
        names = {"#run": "run"} | {f"#{name}": name for name in fields}
        return self._send(
            change(self._table, key_of(run_id), f"SET {sets}", "attribute_exists(pk)", plain(fields), names)
        )

    def note_announced(self, run: Run) -> None:
        """Record that a run's end was announced, unless the run moved since."""
        seen = {"announced": run.status.value, "seen_at": run.status_at}
        names = {"#run": "run", "#status": "status"}
        condition = "#status = :announced AND #run.status_at = :seen_at"
        self._send(
            change(self._table, key_of(run.run_id), "SET #run.announced = :announced", condition, seen, names)
        )

    def update(
        self, run: Run, to: RunStatus, stages: Mapping[Stage, StageRecord] | None = None, **fields: Any
    ) -> Run | None:
        """Move a run for an operator, or set fields of it, on the condition that it is as it was read.

        ``stages`` start again. Returns None when the run was moved or retired since.
        """
        if to is not run.status:
            if to not in NEXT[run.status] | BY_OPERATOR.get(run.status, frozenset()):
                raise ValueError(f"an operator cannot move a run from {run.status} to {to}")
            fields |= {"status_at": self._now()}
        begun = {
            stage.value: record.model_dump(exclude_none=True) for stage, record in (stages or {}).items()
        }
        return self._send(compare_and_set(self._table, run, to, fields, begun))

    def start_stage(self, run_id: str, stage: Stage, attempt: int | None = None) -> Run | None:
        """Record when a stage started, once, and that it does not wait.

        With ``attempt``, only if that is the stage's present attempt; its job exists then, so that earlier
        failures do not count any more.
        """
        started = WORKED if attempt else FIRST
        return self._stage(run_id, stage, started.format("started_at"), now(), attempt)

    def end_stage(self, run_id: str, stage: Stage) -> Run | None:
        """Record when a stage ended, once."""
        return self._stage(run_id, stage, WORKED.format("ended_at"), now())

    def wait_stage(self, run_id: str, stage: Stage, reason: str, *, unsettled: bool = False) -> Run | None:
        """Record what a stage waits for, as a sentence; of something unsettled, also since when."""
        if unsettled:
            return self._stage(run_id, stage, UNSETTLED, reason, more={"now": now()})
        return self._stage(run_id, stage, WAITS, reason)

    def begin_attempt(self, run: Run, stage: Stage, record: StageRecord) -> Run | None:
        """Replace a stage's record by that of a new attempt, unless the run moved or that attempt is over."""
        return self._stage(
            run.run_id,
            stage,
            f"SET {_PLACE} = :value",
            record.model_dump(exclude_none=True),
            run.attempt(stage),
            more={"seen": run.status.value},
            only_if="#status = :seen",
        )

    def pointer(self, name: Pointer) -> str | None:
        """Read which run a pointer names."""
        answer = self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": name}}, ConsistentRead=True)
        return str(read(answer["Item"])["run_id"]) if "Item" in answer else None

    def go_live(self, run_id: str) -> GoLiveResult:
        """Make an approved run the live one, unless a run of a later upload is.

        The pointer, the run's status and that of the run it replaces move in one
        transaction, so that they always agree.
        """
        for _ in range(GO_LIVE_TRIES):
            run, previous = self.get(run_id), self.pointer("live")
            if run is None or run.status not in DEPLOYABLE:
                return GoLiveResult.ENDED
            if previous == run_id and run.status is RunStatus.LIVE:
                return GoLiveResult.LIVE
            replaced = self.get(previous) if previous else None
            if any(other.order > run.order for other in self._later_than(replaced)):
                return GoLiveResult.OVERTAKEN
            if self._replace(replaced, run):
                return GoLiveResult.LIVE
        raise TimeoutError(
            f"run {run_id} could not be made live: other writes came first {GO_LIVE_TRIES} times"
        )

    def _later_than(self, live: Run | None) -> list[Run]:
        """List the live run, and the one that it was rolled back from: nothing earlier replaces either."""
        back = self.get(live.rollout.rolled_back_from) if live and live.rollout.rolled_back_from else None
        return [run for run in (live, back) if run]

    def _replace(self, old: Run | None, new: Run) -> bool:
        """Move the pointer and both runs' statuses; False if any of them moved meanwhile."""
        pointed = "run_id = :old" if old else "attribute_not_exists(pk)"
        moves = [
            change(
                self._table,
                "live",
                "SET run_id = :run, upload_order = :order",
                pointed,
                {"run": new.run_id, "order": new.order} | ({"old": old.run_id} if old else {}),
            ),
            move(self._table, new.run_id, RunStatus.LIVE, {"replaced": old.run_id} if old else {}),
        ]
        yielding = old if old and old.status is RunStatus.LIVE else None
        if yielding:
            reason = {"reason": f"Run {new.run_id} replaced it."}
            moves.append(
                move(self._table, yielding.run_id, RunStatus.SUPERSEDED, reason, starts={RunStatus.LIVE})
            )
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Update": each} for each in moves])
        except aws.client_error() as error:
            raise_unless_overtaken(error)
            return False
        for status in (RunStatus.LIVE, *([RunStatus.SUPERSEDED] if yielding else [])):
            self._on_move(status)
        return True

    def acquire_lease(self, run_id: str, until: str, by: str) -> Run | None:
        """Acquire the lease to prepare a run; return None while another invocation holds it.

        It ends at ``until``, a time in the ledger's notation, or with ``release_lease``.
        """
        return self._change_lease(
            run_id, 1, {"busy_until": until, "busy_by": by},
            "#status = :preparing AND (attribute_not_exists(#run.busy_until) OR #run.busy_until < :moment)",
            {"preparing": RunStatus.PREPARING.value, "moment": now()},
        )  # fmt: skip

    def release_lease(self, run_id: str, by: str) -> None:
        """Release a lease after an error of AWS: it does not count against the limit."""
        self._change_lease(run_id, -1, {"busy_until": ""}, "#run.busy_by = :me", {"me": by})

    def _now(self) -> str:
        """Return the present time in the ledger's notation."""
        return now()

    def _change_lease(
        self,
        run_id: str,
        more: int,
        fields: Mapping[str, str],
        condition: str,
        values: Mapping[str, Any],
    ) -> Run | None:
        sets = [f"#run.{name} = :{name}" for name in fields]
        names = {"#run": "run"} | ({"#status": "status"} if "#status" in condition else {})
        changed = change(
            self._table,
            key_of(run_id),
            f"SET {', '.join(sets)}, #run.attempts = #run.attempts + :more",
            condition,
            {**fields, **values, "more": more},
            names,
        )
        return self._send(changed)

    def _stage(
        self,
        run_id: str,
        stage: Stage,
        expression: str,
        value: Any,
        attempt: int | None = None,
        *,
        more: Mapping[str, Any] | None = None,
        only_if: str = "attribute_exists(pk)",
    ) -> Run | None:
        names = {"#run": "run", "#stage": stage.value}
        names |= {"#status": "status"} if "#status" in only_if else {}
        condition, values = only_if, {"value": value, **(more or {})}
        if attempt:
            known = f"{_PLACE}.attempt = :attempt"
            first = f" OR attribute_not_exists({_PLACE}.attempt)" if attempt == 1 else ""
            condition += f" AND ({known}{first})"
            values |= {"attempt": attempt}
        return self._send(change(self._table, key_of(run_id), expression, condition, values, names))


@cache
def ledger() -> Ledger:
    """Return the stack's ledger; its moves are counted."""
    return Ledger(settings().ledger_table, on_move=counting.count_run, on_unreadable=_log_unreadable)


def _log_unreadable(pk: str, error: str) -> None:
    logger.error("invalid ledger item", pk=pk, error=error)
