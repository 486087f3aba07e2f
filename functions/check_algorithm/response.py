"""The response to CloudFormation: one PUT to the address in the request."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

TRIES = 4
SECONDS = 5.0
MOST = 2000  # the whole answer may be 4,096 bytes
NAME = "algorithm-check"


def document(event: Mapping[str, Any], problems: Sequence[str]) -> dict[str, Any]:
    """Build the response: FAILED if there are problems, with their sentences as the reason."""
    reason = " ".join(problems).encode()[:MOST].decode(errors="ignore")
    return {
        "Status": "FAILED" if problems else "SUCCESS",
        "Reason": reason or "The algorithm fits.",
        # Constant: a change of the algorithm replaces no resource.
        "PhysicalResourceId": event.get("PhysicalResourceId") or NAME,
        **{name: event.get(name, "") for name in ("StackId", "RequestId", "LogicalResourceId")},
    }


def answer(event: Mapping[str, Any], problems: Sequence[str]) -> None:
    """Send the response, with retries; raises OSError when the last one fails."""
    body = json.dumps(document(event, problems), ensure_ascii=False).encode()
    sys.stdout.write(body.decode() + "\n")
    for number in range(TRIES):
        try:
            _put(event["ResponseURL"], body)
        except OSError:  # URLError is one, and so is a timeout
            if number == TRIES - 1:
                raise
            time.sleep(2.0**number / 2)
        else:
            return


def _put(url: str, body: bytes) -> None:
    # The address is signed for an empty content type.
    request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
    with urlopen(request, timeout=SECONDS) as reply:  # noqa: S310 - CloudFormation's own address
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise URLError(f"CloudFormation answered {reply.status}")
