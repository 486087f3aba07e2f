"""What an invocation, an operator and the oracle's account use of the world around them."""

from collections import Counter
from typing import Any, Protocol

from tests.chaos.faults import Weather
from tests.chaos.history import Drop, Plan
from tests.chaos.rules import Function
from tests.chaos.services.dynamodb import DynamoDB
from tests.chaos.services.s3 import S3
from tests.chaos.timeline import Timeline


class Surroundings(Protocol):
    """The part of ``tests.chaos.world.World`` that these modules need: they do not import it."""

    plan: Plan
    weather: Weather
    timeline: Timeline
    dynamodb: DynamoDB
    s3: S3
    dropped: list[tuple[Drop, str]]
    """Each drop, and the ETag of its object."""
    dead_letters: list[tuple[Function, Any, str]]
    typed: Counter[str]
    obeyed: Counter[str]

    def invoke(self, invocation: Any) -> None:
        """Start an invocation."""

    def died(self, invocation: Any) -> None:
        """Record that an invocation was killed."""

    def say(self, what: str) -> None:
        """Write a line of the trace."""

    def violation(self, what: str) -> None:
        """Record that a promise was broken."""

    def refused(self, problems: list[str]) -> None:
        """Record what functions' roles do not allow."""

    def latency(self, name: str) -> float:
        """Return the duration of a call, in seconds."""
        ...

    def run_item(self, run_id: str) -> Any:
        """Return a run's item in the ledger."""
