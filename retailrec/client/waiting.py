"""Why the run of an upload has not begun yet, and how long it may take to begin."""

from datetime import UTC, datetime, timedelta

from retailrec.client.stack import Stack
from retailrec_shared.core.timing import ADOPTED_WITHIN, RECONCILED_EVERY, S3_EVENTS_BEGIN_AFTER

# Of the event that brings an upload to its function, and of the function's start.
_USUAL = timedelta(seconds=45)
# After the reconciler has sent the event again.
_START = timedelta(minutes=2)
_LOCAL = timedelta(minutes=1)


def patience(stack: Stack) -> timedelta:
    """Return how long after an upload its run may take to appear.

    On AWS the event may never come: S3 sends none in a bucket's first minutes. The reconciler then sends it.
    """
    return _LOCAL if stack.cloud else ADOPTED_WITHIN + _START


def reason(stack: Stack, waited: timedelta) -> str:
    """Say why no run has begun after this time; empty while that is usual."""
    if stack.cloud:
        return ""
    found = f"the reconciler finds it within {minutes(ADOPTED_WITHIN)}"
    if stack.created:
        age = datetime.now(UTC) - stack.created
        if age - waited < S3_EVENTS_BEGIN_AFTER:
            return (
                f"S3 begins to send events some five minutes after a bucket is created, and {stack.name} was "
                f"created {minutes(age)} ago: the upload is safe, and {found}."
            )
    if waited < _USUAL:
        return ""
    return f"No event of the upload has come yet: {found}, since it looks every {minutes(RECONCILED_EVERY)}."


def minutes(time: timedelta) -> str:
    """Write a duration in whole minutes, at least one."""
    number = max(1, round(time / timedelta(minutes=1)))
    return f"{number} minute{'s' if number > 1 else ''}"
