"""What a simulated world offers to the invocations, commands and accounts in it."""

from collections import Counter
from typing import Any, Protocol

from tests.chaos.faults import Weather
from tests.chaos.history import Drop, Plan
from tests.chaos.rules import Function
from tests.chaos.services.dynamodb import DynamoDB
from tests.chaos.services.s3 import S3
from tests.chaos.timeline import Timeline


class Simulation(Protocol):
    """The parts of a `World` that its own parts use."""

    plan: Plan
    weather: Weather
    timeline: Timeline
    dynamodb: DynamoDB
    s3: S3
    dropped: list[tuple[Drop, str]]
    dead_letters: list[tuple[Function, Any, str]]
    typed: Counter[str]
    obeyed: Counter[str]

    def say(self, what: str) -> None:
        """Add a line to the trace."""

    def violation(self, what: str) -> None:
        """Record that a rule was broken."""

    def latency(self, name: str) -> float:
        """Return how many seconds a call takes."""

    def run_item(self, run_id: str) -> Any:
        """Return a run's item."""

    def invoke(self, invocation: Any) -> None:
        """Let an invocation begin."""

    def died(self, invocation: Any) -> None:
        """Count an invocation that died."""
