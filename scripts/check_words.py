"""Finds words that this project does not use, and names the standard term for each.

``python scripts/check_words.py [PATH...]`` prints every place and exits with 1 if there is one. Without a
path it reads every tracked text file. A name is read word by word: ``tell_keys`` holds "tell".
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
# A word, its forms, and what to write instead.
WORDS = {
    "tell|tells|telling|told": "return (functions), report, print, log or say (messages), distinguish",
    "wish|wishes|wished": "request, or want",
    "anew": "again, or from scratch",
    "whoever": "the caller, the user, or anyone who",
    "beside": "next to, besides, with, or in addition to",
    "mend|mends|mended|mending": "fix, correct",
    "rung|rungs": "source (of the fallback chain)",
    "uniting": "merging",
    "settling": "normalization",
    "picturing": "chart data",
}
# Where such a word is the right one: a path, and the phrase that holds it.
RIGHT: Mapping[str, tuple[str, ...]] = {}
_TEXTS = {".py", ".md", ".yaml", ".toml", ".js", ".html", ".css", ".sh", ".ipynb", ".json", ""}
_LEFT_OUT = ("requirements/", "docs/openapi.json", "scripts/check_words.py", "tests/unit/test_words.py")


class Found(NamedTuple):
    """One such word: its place, and the term to use instead."""

    path: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r}: write {self.instead}"


_FORMS = {form: instead for forms, instead in WORDS.items() for form in forms.split("|")}
_LOWER = "|".join(_FORMS)
_CAPITAL = "|".join(form.capitalize() for form in _FORMS)
_PATTERN = re.compile(
    rf"(?<![a-zA-Z])({_LOWER}|{_CAPITAL})(?![a-z])"  # in prose, in snake_case, and at the front of camelCase
    rf"|(?<=[a-z])({_CAPITAL})(?![a-z])"  # inside camelCase
    rf"|(?<![a-zA-Z])({_LOWER.upper()})(?![a-zA-Z])"
)


def find(path: str, text: str) -> Iterator[Found]:
    """Yield the words in a text that are not allowed there."""
    right = RIGHT.get(path, ())
    for phrase in right:
        text = text.replace(phrase, "")
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _PATTERN.finditer(line):
            yield Found(path, number, match[0], _FORMS[match[0].lower()])


def tracked() -> list[str]:
    """Return the paths of the tracked text files, relative to the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = (path for path in listed.splitlines() if Path(path).suffix in _TEXTS)
    return [path for path in texts if not path.startswith(_LEFT_OUT) and (ROOT / path).is_file()]


def main(paths: list[str]) -> int:
    """Print what was found below these paths, or in the whole repository."""
    wanted = tuple(str(Path(path)) for path in paths)
    found = [
        each
        for path in tracked()
        if not wanted or path.startswith(wanted)
        for each in find(path, (ROOT / path).read_text(encoding="utf-8"))
    ]
    for each in found:
        print(each)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
