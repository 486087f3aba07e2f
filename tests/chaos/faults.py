"""What can go wrong, and the weather of one history: how often each does.

Every decision is drawn from the seed and the *name* of what it is about ("the third
call of the second attempt of this function for this event"), never from one stream of
random numbers. So a history without one of its faults is otherwise the same history,
and a failing one can be shrunk.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from tests.chaos.timeline import MINUTE

T = TypeVar("T")


class Fault(StrEnum):
    """A kind of fault."""

    THROTTLED = "call throttled"
    REFUSED = "call failed once"
    OUTAGE = "call failed until healed"
    REPLY_LOST = "call worked, its reply was lost"
    SENT_TWICE = "call sent twice by the SDK"
    KILLED_BEFORE = "Lambda killed before a call"
    KILLED_AFTER = "Lambda killed after a call"
    TIMED_OUT = "Lambda timed out"
    EVENT_LOST = "event lost"
    EVENT_DOUBLED = "event delivered twice"
    EVENT_LATE = "event late"
    RECONCILER_MISSED = "reconciler pass missed"
    RECONCILER_DOUBLED = "two reconcilers at once"
    QUOTA_ZERO = "quota was zero"
    TRAINING_FAILED = "training job failed"
    TRAINING_STOPPED = "training job stopped by hand"
    WEAK_MODEL = "model that the gate must hold"
    PACKAGE_FAILED = "model package failed"
    SEARCH_FAILED = "tuning job without one good training job"
    SEARCH_STOPPED = "tuning job stopped by hand"
    TRANSFORM_FAILED = "transform job failed"
    TRANSFORM_STOPPED = "transform job stopped by hand"
    ROLLOUT_FAILED = "endpoint update failed"
    ROLLBACK_FAILED = "endpoint roll-back failed"
    ENDPOINT_DELETED = "endpoint deleted by hand"
    NO_CAPACITY = "no capacity for a job or the endpoint"
    METRICS_LATE = "metrics of a training job late"
    NEW_ROLE = "SageMaker's role not known everywhere yet"
    UPLOAD_DELETED = "upload deleted by hand"


OF_CALLS = (
    (Fault.THROTTLED, 3), (Fault.REFUSED, 2), (Fault.REPLY_LOST, 3), (Fault.SENT_TWICE, 2),
    (Fault.KILLED_BEFORE, 2), (Fault.KILLED_AFTER, 3),
)  # fmt: skip
SERVICES = ("s3", "dynamodb", "events", "sagemaker")
QUOTAS = (("training-job", "ml.m5.xlarge"), ("transform-job", "ml.m5.xlarge"), ("endpoint", "serverless"))


@dataclass(frozen=True)
class Window:
    """A time during which something does not work."""

    what: str
    begin: float
    end: float

    def holds(self, moment: float) -> bool:
        """Return whether it is now."""
        return self.begin <= moment < self.end


@dataclass
class Weather:
    """One history's chances, and how often each kind of fault struck."""

    seed: int
    storm_end: float
    muted: frozenset[str] = frozenset()
    struck: Counter[Fault] = field(default_factory=Counter)
    strikes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.per_call = self.choose("intensity", (0.0, 0.01, 0.01, 0.03, 0.03, 0.08))
        self.per_event = self.choose("events", (0.0, 0.05, 0.15, 0.4))
        self.per_job = self.choose("jobs", (0.0, 0.1, 0.1, 0.3))
        self.outages = self._windows("outage", SERVICES, 2)
        self.quotas = self._windows("quota", [kind for kind, _ in QUOTAS], 2)

    def chance(self, name: str) -> float:
        """Draw a number from 0 up to 1, always the same for one name."""
        digest = blake2b(f"{self.seed}|{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    def choose(self, name: str, choices: Sequence[T]) -> T:
        """Draw one of several."""
        return choices[int(self.chance(name) * len(choices))]

    def between(self, name: str, low: float, high: float) -> float:
        """Draw a number from a range."""
        return low + self.chance(name) * (high - low)

    def strikes_now(self, fault: Fault, name: str, probability: float) -> bool:
        """Decide whether a fault strikes, and count it."""
        if self.chance(f"{fault}|{name}") >= probability:
            return False
        return self.note(fault, name)

    def note(self, fault: Fault, name: str) -> bool:
        """Count a fault, unless shrinking took it away."""
        key = f"{fault}|{name}"
        if key in self.muted or fault in self.muted:
            return False
        self.struck[fault] += 1
        self.strikes.append(key)
        return True

    def of_call(self, name: str, service: str, moment: float) -> Fault | None:
        """Decide what befalls a call of a Lambda."""
        if moment >= self.storm_end:
            return None
        for number, window in enumerate(self.outages):
            if window.what == service and window.holds(moment) and f"outage {number}" not in self.muted:
                self.struck[Fault.OUTAGE] += 1
                return Fault.OUTAGE
        drawn = self.chance(f"call|{name}")
        if drawn >= self.per_call:
            return None
        share = drawn / self.per_call * sum(weight for _, weight in OF_CALLS)
        for fault, weight in OF_CALLS:
            share -= weight
            if share < 0:
                return fault if self.note(fault, name) else None
        return None

    def quota_is_zero(self, kind: str, moment: float) -> bool:
        """Return whether the account may have no instance of a kind now."""
        for number, window in enumerate(self.quotas):
            if window.what == kind and window.holds(moment) and f"quota {number}" not in self.muted:
                return True
        return False

    def _windows(self, name: str, what: Sequence[str], most: int) -> list[Window]:
        found = []
        for number in range(int(self.chance(f"{name} count") ** 2 * (most + 1))):
            begin = self.between(f"{name} begin {number}", 0, self.storm_end * 0.7)
            length = self.choose(f"{name} length {number}", (5 * MINUTE, 20 * MINUTE, self.storm_end))
            end = min(begin + length, self.storm_end)
            found.append(Window(self.choose(f"{name} what {number}", what), begin, end))
        return found
