"""Bad and odd inputs, each with its documented outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prepare_dataset.table.columns import OUR_HEADERS, Headers

Builder = Callable[[Path], Path]


@dataclass(frozen=True)
class Kept:
    """The file is accepted: so many rows are kept, and so many rejected by reason."""

    rows: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    sees: Mapping[str, Any] = field(default_factory=dict)
    """What the kept rows must hold, by column of the interactions."""


@dataclass(frozen=True)
class Refused:
    """The file is refused with these words, at this place."""

    words: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True)
class Case:
    """One input."""

    build: Builder
    outcome: Kept | Refused
    headers: Headers = field(default_factory=lambda: OUR_HEADERS)

    @property
    def name(self) -> str:
        return self.build.__name__


CASES: list[Case] = []


def case(outcome: Kept | Refused, headers: Headers = OUR_HEADERS) -> Callable[[Builder], Builder]:
    """Enter a function, which writes a file into a folder and returns its path, into the corpus."""

    def enter(build: Builder) -> Builder:
        CASES.append(Case(build, outcome, headers))
        return build

    return enter


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
