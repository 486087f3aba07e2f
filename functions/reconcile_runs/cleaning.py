"""Deletion of retired runs' items in the serving table."""

from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from retailrec_shared.core.invocation import Invocation, without_limit
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.bulk import Throttled
from retailrec_shared.serving.entries import ORDER, run_keys
from retailrec_shared.serving.run_lines import read_lines
from retailrec_shared.serving.table import serving

# publish_recommendations may still be writing: longer than its timeout.
SERVING_ITEMS_GRACE = timedelta(minutes=16)
# A pass ends before the next one begins, and leaves time to note how far it came.
PASS_SECONDS = 150.0
RESERVE_SECONDS = 60.0


def delete_serving_items(runs: list[Run], moment: datetime, invocation: Invocation | None = None) -> None:
    """Delete the serving items of one retired run, as far as time allows.

    The next call continues after the last key that was deleted, or with the next run. A run that fails does
    not hold the next one up; raises ExceptionGroup of what failed.
    """
    problems: list[Exception] = []
    for run in runs:
        if not _due(run, moment):
            continue
        try:
            _delete(run, invocation or without_limit())
        except Exception as problem:  # noqa: BLE001 - raised after the other runs
            logger.exception("serving items were not deleted", run_id=run.run_id)
            problems.append(problem)
        else:
            break
    if problems:
        raise ExceptionGroup("the serving items of some runs could not be deleted", problems)


def _due(run: Run, moment: datetime) -> bool:
    if moment - datetime.fromisoformat(run.status_at) < SERVING_ITEMS_GRACE:
        return False
    done = run.cleanup.serving_items_deleted
    return run.cleanup.retired and not done and run.started(Stage.PUBLISH)


def _delete(run: Run, invocation: Invocation) -> None:
    """Delete the keys from where the last pass ended; their order never changes."""
    begun = invocation.seconds_left()
    passed = (run.cleanup.serving_items_passed or 0) if run.cleanup.serving_items_order == ORDER else 0
    keys = islice(run_keys(run.run_id, partial(read_lines, run.run_id)), passed, None)
    complete = False
    try:
        for count in serving().delete(keys, invocation.seconds_left):
            passed += count
            left = invocation.seconds_left()
            if left < RESERVE_SECONDS or begun - left > PASS_SECONDS:
                break
        else:
            complete = True
    except Throttled:
        logger.warning("the serving table is throttled", run_id=run.run_id)
    # Only if the run is as it was read: an operator may have retried it.
    ledger().update(run, run.status, **_noted(complete, passed))
    logger.info("serving items deleted", run_id=run.run_id, items=passed, complete=complete)


def _noted(complete: bool, passed: int) -> dict[str, Any]:
    return {"cleaned": True} if complete else {"cleaned_to": passed, "cleaned_order": ORDER}
