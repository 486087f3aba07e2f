"""The findings of checks."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from retailrec.client.problems import explain


class Verdict(StrEnum):
    """The level of a finding: fine, worth knowing, or a failure."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


class Finding(NamedTuple):
    """The result of one check; the sentence of a failure says what to do."""

    what: str
    verdict: Verdict
    sentence: str


def ok(what: str, sentence: str) -> Finding:
    """Report that something is fine."""
    return Finding(what, Verdict.OK, sentence)


def note(what: str, sentence: str) -> Finding:
    """Report something that is worth knowing but prevents nothing."""
    return Finding(what, Verdict.NOTE, sentence)


def failed(what: str, sentence: str) -> Finding:
    """Report a failure, and what to do about it."""
    return Finding(what, Verdict.FAILED, sentence)


def run_check(what: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run one check; an error in it becomes a finding, so that the next check runs."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - a doctor looks at everything, whatever is broken
        return [failed(what, explain(error))]
