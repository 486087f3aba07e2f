"""A cache build is taken for the very sources that it was built from, and for no others."""

import os
from pathlib import Path

import pytest

from local.cloud import builds


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in builds.SOURCES:
        path = root / name if "." in name else root / name / "app.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"of {name}")
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def built(folder: Path, text: str) -> Path:
    (folder / "Function").mkdir(parents=True)
    (folder / "Function" / "app.py").write_text(text)
    return folder


@pytest.mark.parametrize("source", builds.SOURCES)
def test_every_change_of_a_source_changes_the_key(repository: Path, source: str) -> None:
    before, path = builds.key(repository), repository / source
    changed = path / "app.py" if path.is_dir() else path
    changed.write_text(changed.read_text().upper())
    assert builds.key(repository) != before


def test_a_file_that_comes_goes_or_is_renamed_changes_the_key(repository: Path) -> None:
    keys = [builds.key(repository)]
    new = repository / "functions" / "new.py"
    new.touch()
    keys.append(builds.key(repository))
    new.rename(new.with_name("newer.py"))
    keys.append(builds.key(repository))
    assert len(set(keys)) == 3


def test_neither_time_nor_bytecode_changes_the_key(repository: Path) -> None:
    before = builds.key(repository)
    os.utime(repository / "functions" / "app.py", (0, 0))
    cache = repository / "functions" / "__pycache__" / "app.pyc"
    cache.parent.mkdir()
    cache.touch()
    assert builds.key(repository) == before


def test_a_build_is_taken_by_its_key_alone(tmp_path: Path, cache: Path) -> None:
    assert not builds.restore("one", tmp_path / "target", cache)
    builds.store("one", built(tmp_path / "built", "one"), cache)
    assert not builds.restore("two", tmp_path / "target", cache)
    assert not (tmp_path / "target").exists()
    assert builds.restore("one", tmp_path / "target", cache)
    assert (tmp_path / "target" / "Function" / "app.py").read_text() == "one"


def test_what_a_command_does_to_its_copy_stays_there(tmp_path: Path, cache: Path) -> None:
    builds.store("one", built(tmp_path / "built", "one"), cache)
    builds.restore("one", tmp_path / "mine", cache)
    (tmp_path / "mine" / "Function" / "app.py").write_text("changed")
    builds.restore("one", tmp_path / "yours", cache)
    assert (tmp_path / "yours" / "Function" / "app.py").read_text() == "one"


def test_only_the_newest_are_kept_and_the_same_may_be_kept_twice(tmp_path: Path, cache: Path) -> None:
    for number in range(5):
        folder = built(tmp_path / f"built{number}", str(number))
        os.utime(folder, (number, number))
        builds.store(str(number), folder, cache)
    builds.store("4", tmp_path / "built4", cache)
    assert sorted(path.name for path in cache.iterdir()) == ["2", "3", "4"]
