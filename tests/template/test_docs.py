"""The pages link to files and headings that exist, and the indexes list every page once."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from typer.main import get_command

from retailrec.cli.verbs import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
PATH = re.compile(
    r"`((?:algorithm|benchmarks|functions|layers|local|notebooks|retailrec|scripts|tests)/[\w/.-]+)(?:::\w+)?`"
)


def pages() -> list[Path]:
    """Return every Markdown file of the project, without environments and builds."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "build"]
        found += [Path(folder) / name for name in files if name.endswith(".md")]
    return sorted(found)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, without those to other hosts."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return [target for target in LINK.findall(text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """Return the anchors that a Markdown renderer makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [str(path.relative_to(ROOT)) for path in pages()])
def test_every_relative_link_leads_to_a_file_and_a_heading(page: str) -> None:
    broken = []
    for target in links(ROOT / page):
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert broken == []


def test_the_index_lists_every_decision_once() -> None:
    listed = Counter(links(DOCS / "decisions/README.md"))
    assert listed == Counter(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))


def test_the_contents_list_every_page() -> None:
    listed = set(links(DOCS / "README.md"))
    assert {path.name for path in DOCS.glob("*.md")} - {"README.md"} <= listed


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 900


def test_the_glossary_is_short_and_sorted() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("## Glossary") :].split("\n## ")[0]
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", table, re.MULTILINE)
    assert 0 < len(words) <= 30
    assert words == sorted(words)


def test_every_command_is_documented_once() -> None:
    text = (DOCS / "command.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `retailrec ([a-z-]+)", text, re.MULTILINE)
    assert sorted(documented) == sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "page", [str(path.relative_to(ROOT)) for path in pages() if path.parent.name != "decisions"]
)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    named = set(PATH.findall((ROOT / page).read_text(encoding="utf-8")))
    assert {path for path in named if not (ROOT / path).exists()} == set()
