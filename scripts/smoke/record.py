"""What a smoke test has done so far, in a file: an interrupted one goes on where it stopped."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.errors import CloudError
from retailrec.client.problems import Problem

Facts = Mapping[str, Any]
# What may go wrong in a step and belongs into the report; an answer of another shape is among it.
EXPECTED = (
    Problem, CloudError, BotoCoreError, ClientError, httpx.HTTPError, OSError, LookupError, ValueError,
)  # fmt: skip


@dataclass
class Outcome:
    """How one step ended: ``problem`` is empty unless it failed."""

    name: str
    seconds: float
    problem: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Record:
    """The steps of one smoke test of one stack, in the order in which they ended."""

    path: Path
    stack: str
    region: str
    started: str
    outcomes: list[Outcome] = field(default_factory=list)

    @classmethod
    def begin(cls, path: Path, stack: str, region: str) -> Self:
        """Read the record of an unfinished test, or begin one; raises Problem for one of another region."""
        if not path.exists():
            return cls(path, stack, region, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["region"] != region:
            raise Problem(f"{path} is of {read['region']}: finish it there, or delete the file.")
        outcomes = [Outcome(**each) for each in read.pop("outcomes")]
        return cls(path, outcomes=outcomes, **read)

    def fact(self, name: str) -> Any:
        """Return what a step has found; the newest if several have."""
        return next((each.facts[name] for each in reversed(self.outcomes) if name in each.facts), None)

    def passed(self, step: str) -> bool:
        """Return whether a step has ended well."""
        return any(each.name == step and not each.problem for each in self.outcomes)

    def failed(self) -> list[Outcome]:
        """List the steps whose last attempt failed."""
        last = {each.name: each for each in self.outcomes}
        return [each for each in last.values() if each.problem]

    def take(self, step: str, act: Callable[[], Facts]) -> bool:
        """Take a step and record how it ended; return whether it ended well."""
        began = time.monotonic()
        outcome = Outcome(step, 0.0, "interrupted")
        try:
            outcome.facts = dict(act())
            outcome.problem = ""
        except EXPECTED as error:
            outcome.problem = f"{type(error).__name__}: {error}"
        finally:
            outcome.seconds = round(time.monotonic() - began, 1)
            self.outcomes.append(outcome)
            self.save()
        return not outcome.problem

    def save(self) -> None:
        """Write the record: the whole file, or the one before stays."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = {key: value for key, value in asdict(self).items() if key != "path"}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(whole, indent=1), encoding="utf-8")
        new.replace(self.path)

    def finish(self) -> None:
        """Put the record away, under a name with its time: the next test begins from the start."""
        self.path.replace(self.path.with_name(f"record-{self.started.replace(':', '')}.json"))
