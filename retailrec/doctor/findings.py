"""What a check comes to."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from retailrec.client.problems import explain


class Verdict(StrEnum):
    """Well, worth knowing, or in the way."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


class Finding(NamedTuple):
    """One thing that was looked at; the sentence of a failure says what to do."""

    what: str
    verdict: Verdict
    sentence: str


def ok(what: str, sentence: str) -> Finding:
    """Say that something is well."""
    return Finding(what, Verdict.OK, sentence)


def note(what: str, sentence: str) -> Finding:
    """Say something that is worth knowing and keeps nothing from working."""
    return Finding(what, Verdict.NOTE, sentence)


def failed(what: str, sentence: str) -> Finding:
    """Say what is in the way, and what to do about it."""
    return Finding(what, Verdict.FAILED, sentence)


def looked(what: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Look at one thing; a check that breaks is a finding itself, and the next one has its turn."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 - a doctor looks at everything, whatever is broken
        return [failed(what, explain(error))]
