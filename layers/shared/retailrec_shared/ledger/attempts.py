"""New attempts at a stage that failed for a cause in AWS that passes: no capacity, an error of its own.

The run keeps its status. Its stage gets a new attempt, whose job has a name of its own, and begins some time
later: the reconciler sends the event of a stage whose time has come.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, timestamp

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)


class Passing(NamedTuple):
    """A kind of failure that passes, how a FailureReason says so, and how often it is tried again."""

    said: re.Pattern[str]
    times: int


# In SageMaker's words, of jobs and of endpoints. Eight attempts, waits doubling to an hour, take five hours.
PASSING = (
    Passing(
        re.compile(r"CapacityError|Insufficient\w*Capacity|Unable to provision requested ML compute", re.I), 8
    ),
    Passing(re.compile(r"unable to assume (the )?role|could not assume role", re.I), 3),
    Passing(re.compile(r"InternalServerError|Request to service failed", re.I), 2),
)


def may_pass(run: Run, stage: Stage, reason: str | None) -> bool:
    """Return whether a failure passes, and the stage was not tried too often yet."""
    return run.stages[stage].tried_again < _times(reason)


def _times(reason: str | None) -> int:
    return next((each.times for each in PASSING if each.said.search(reason or "")), 0)


def try_again(run: Run, stage: Stage, reason: str | None) -> None:
    """Give a stage a new attempt and raise NotYet, if the failure passes and was not tried too often."""
    if not may_pass(run, stage, reason):
        return
    record = run.stages[stage]
    wait = min(FIRST_WAIT * 2**record.tried_again, LONGEST_WAIT)
    begin = datetime.now(UTC) + wait
    waiting = (
        f"{reason} It is tried again at {begin:%H:%M} UTC ({record.tried_again + 1} of {_times(reason)})."
    )
    again = StageRecord(
        attempt=record.attempt + 1,
        tried_again=record.tried_again + 1,
        not_before=timestamp(begin),
        waiting=waiting,
    )
    ledger().begin_attempt(run, stage, again)
    logger.warning("stage is tried again", run_id=run.run_id, stage=stage, reason=reason, at=again.not_before)
    raise NotYet(waiting)


def wait_for_turn(run: Run, stage: Stage) -> None:
    """Raise NotYet while a new attempt at a stage must not begin."""
    if run.stages[stage].too_early(timestamp(datetime.now(UTC))):
        raise NotYet(run.stages[stage].waiting or "The stage is tried again later.")
