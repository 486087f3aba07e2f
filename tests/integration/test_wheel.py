"""The wheel is whole: installed into an environment of its own, far from the repository, it works."""

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from retailrec.cli.verbs import app

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PACKAGES = {
    "retailrec": ROOT / "retailrec",
    "local": ROOT / "local",
    "retailrec_shared": ROOT / "layers" / "shared" / "retailrec_shared",
}
# What one that is declared brings along, being made to be imported with it.
BROUGHT_ALONG = {"botocore": "boto3"}
NEEDS_THE_REPOSITORY = ["up", "down", "demo", "sam-env", "push-image"]
MOST_SECONDS = 300
Line = tuple[str, ...]

# Both run in the installed environment, and in one process each: a process a verb costs ten times as much.
CALL = """
import json, sys
from typer.testing import CliRunner
from retailrec.cli.verbs import app
answers = []
for line in json.load(sys.stdin):
    answer = CliRunner().invoke(app, line)
    answers.append({"code": answer.exit_code, "out": answer.stdout, "err": answer.stderr})
json.dump(answers, sys.stdout)
"""
IMPORT = """
import importlib, json, pkgutil, sys
def broken(name):
    raise ImportError(name)
files = {}
for package in sys.argv[1:]:
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.", broken)
    for name in [package, *(each.name for each in found)]:
        if not name.endswith("__main__"):  # which does its work when it is imported
            files[name] = importlib.import_module(name).__file__
json.dump(files, sys.stdout)
"""


class Installed(NamedTuple):
    """The wheel in an environment that has every other package, but not this repository."""

    python: Path
    folder: Path

    def run(self, *arguments: str | Path, given: str = "") -> str:
        """Run a program of the environment, isolated, in an empty folder; return what it wrote."""
        ended = subprocess.run(
            [*map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COLUMNS": "100"},
            timeout=MOST_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it from a copy: setuptools leaves folders where it builds, and takes up what it finds in them."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    for folder in PACKAGES.values():
        leftovers = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder, source / folder.relative_to(ROOT), ignore=leftovers)
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    ended = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Package would be ignored" not in ended.stderr
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("environment")
    venv.create(home / "venv", symlinks=True)
    python = home / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True, timeout=MOST_SECONDS)
    (site,) = (home / "venv" / "lib").glob("python3*/site-packages")
    # A path file within such a folder is not read: the editable install stays out.
    others = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site / "others.pth").write_text("\n".join(sorted(others)))
    (home / "empty").mkdir()
    return Installed(python, home / "empty")


def verbs(command: Any, before: Line = ()) -> Iterator[Line]:
    """Yield the words of every verb, of verbs within verbs too."""
    yield before
    for name, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, (*before, name))


VERBS = list(verbs(get_command(app)))


HELPS = [(*words, "--help") for words in VERBS]
ELSEWHERE = [("generate", "shop.csv", "--rows", "1000"), ("events", "--folder", "events"), ("runs",)]


@pytest.fixture(scope="module")
def answers(installed: Installed) -> dict[Line, dict[str, Any]]:
    """Call the command line by line; each answer has an exit code, output and complaints."""
    lines = [*HELPS, *((verb,) for verb in NEEDS_THE_REPOSITORY), *ELSEWHERE]
    found = json.loads(installed.run(installed.python, "-I", "-c", CALL, given=json.dumps(lines)))
    return dict(zip(lines, found, strict=True))


def test_each_verb_prints_its_usage(answers: dict[Line, dict[str, Any]]) -> None:
    assert len(HELPS) > 20
    silent = {line: answers[line] for line in HELPS if "Usage:" not in answers[line]["out"]}
    assert silent == {}
    assert {answers[line]["code"] for line in HELPS} == {0}


def test_the_command_itself_is_there(installed: Installed) -> None:
    assert "Usage:" in installed.run(installed.python.with_name("retailrec"), "--help")


def test_every_module_is_in_the_wheel_and_needs_no_other_file_to_be_imported(installed: Installed) -> None:
    files: dict[str, str] = json.loads(installed.run(installed.python, "-I", "-c", IMPORT, *PACKAGES))
    assert {path for path in files.values() if not path.startswith(str(installed.python.parents[1]))} == set()
    expected = {
        ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        for package, folder in PACKAGES.items()
        for path in folder.rglob("*.py")
        if path.name != "__main__.py"
    }
    assert files.keys() == expected


def test_the_wheel_holds_what_is_in_the_packages_and_nothing_else(installed: Installed) -> None:
    (record,) = installed.python.parents[1].glob("lib/python3*/site-packages/retailrec-*.dist-info/RECORD")
    recorded = {line.rsplit(",", 2)[0] for line in record.read_text().splitlines()}
    inside = {name for name in recorded if not name.startswith(("../", "retailrec-"))}
    there = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".md"}
    }
    assert inside == there
    assert {Path(name).suffix for name in inside} >= {".py", ".html", ".css", ".js", ".svg"}


@pytest.mark.parametrize("verb", NEEDS_THE_REPOSITORY)
def test_what_needs_the_repository_says_so(answers: dict[Line, dict[str, Any]], verb: str) -> None:
    assert answers[verb,]["code"] == 1
    assert "clone the repository" in answers[verb,]["err"]


def test_what_does_not_need_it_works(answers: dict[Line, dict[str, Any]], installed: Installed) -> None:
    assert [answers[line]["code"] for line in ELSEWHERE] == [0, 0, 1], answers
    assert "The local cloud is not up" in answers["runs",]["err"]
    assert {path.name for path in installed.folder.iterdir()} == {"shop.csv", "events"}
    assert len((installed.folder / "shop.csv").read_text().splitlines()) == 1001
    written = {path.name for path in (installed.folder / "events").iterdir()}
    assert written == {path.name for path in (ROOT / "events").glob("*.json")}


@pytest.mark.usefixtures("answers")
def test_nothing_is_left_among_the_packages(installed: Installed) -> None:
    (site,) = installed.python.parents[1].glob("lib/python3*/site-packages")
    names = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert names - {"__pycache__"} == {*PACKAGES, "others.pth"}


def imported(path: Path) -> Iterator[str]:
    """Yield the first names of what a module imports, not for type checking alone."""
    tree = ast.parse(path.read_text())
    checking = [
        inner
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(block)
    ]
    for node in ast.walk(tree):
        if node in checking:
            continue
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_what_is_imported_is_declared_and_here_in_a_version_that_is_allowed(installed: Installed) -> None:
    found = json.loads(
        installed.run(
            installed.python, "-I", "-c",
            "import json; from importlib import metadata; print(json.dumps(metadata.requires('retailrec')))",
        )
    )  # fmt: skip
    declared = {canonicalize_name(each.name): each for each in map(Requirement, found)}
    distributions = metadata.packages_distributions()
    names = {name for folder in PACKAGES.values() for path in folder.rglob("*.py") for name in imported(path)}
    strangers = names - sys.stdlib_module_names - PACKAGES.keys()
    assert strangers
    for name in strangers:
        sources = {canonicalize_name(each) for each in distributions[BROUGHT_ALONG.get(name, name)]}
        assert sources & declared.keys(), f"{name} is imported and not declared"
    for name, requirement in declared.items():
        assert metadata.version(name) in requirement.specifier, requirement
