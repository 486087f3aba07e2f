"""The functions' log."""

import time
from collections import deque

from retailrec.client.stack import Stack


def newest_lines(stack: Stack, minutes: int, limit: int) -> list[str]:
    """Return the newest lines of the functions' log, the oldest first, each with its UTC time."""
    pages = (
        stack.logs()
        .get_paginator("filter_log_events")
        .paginate(logGroupName=stack.log_group, startTime=round((time.time() - minutes * 60) * 1000))
    )
    events = deque((event for page in pages for event in page["events"]), maxlen=limit)
    return [f"{_clock(event['timestamp'])} {event['message'].rstrip()}" for event in events]


def _clock(milliseconds: int) -> str:
    return time.strftime("%H:%M:%SZ", time.gmtime(milliseconds / 1000))
