"""The findings of checks."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from botocore.exceptions import ClientError

from retailrec.client.problems import NOT_ALLOWED, explain
from retailrec_shared.core.aws import error_code


class Verdict(StrEnum):
    """The level of a finding: fine, worth knowing, a failure, or not to be found out."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """The result of one check, and what to do about it."""

    what: str
    verdict: Verdict
    sentence: str
    remedy: str = ""


def ok(what: str, sentence: str) -> Finding:
    """Report that something is fine."""
    return Finding(what, Verdict.OK, sentence)


def note(what: str, sentence: str) -> Finding:
    """Report something that is worth knowing but prevents nothing."""
    return Finding(what, Verdict.NOTE, sentence)


def failed(what: str, sentence: str, remedy: str = "") -> Finding:
    """Report a failure, and what to do about it."""
    return Finding(what, Verdict.FAILED, sentence, remedy)


def unknown(what: str, sentence: str, remedy: str = "") -> Finding:
    """Report that something could not be found out."""
    return Finding(what, Verdict.UNKNOWN, sentence, remedy)


def run_check(what: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run one check; an error in it becomes a finding, so that the next check runs."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except ClientError as error:
        if error_code(error) in NOT_ALLOWED:
            found.append(_not_allowed(what, error))
        else:
            found.append(failed(what, explain(error)))
    except Exception as error:  # noqa: BLE001 - a doctor looks at everything, whatever is broken
        found.append(failed(what, explain(error)))
    return found


def _not_allowed(what: str, error: ClientError) -> Finding:
    return unknown(
        what,
        f"This could not be checked: your credentials may not call {error.operation_name}.",
        "Ask for this permission, or let somebody check who has it.",
    )
