"""A program that starts as root becomes another user, if that user can do its work."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender import privileges
from recommender.folders import Folders
from tests.environment import ROOT

IS_ROOT = os.geteuid() == 0
PROGRAM = """
import os
from recommender.folders import Folders
from recommender.privileges import before_serving, before_training
print({call})
print(*os.getresuid(), *os.getresgid(), *os.getgroups())
"""
TRAIN = PROGRAM.format(call="before_training(Folders.from_environment())")
SERVE = PROGRAM.format(call="before_serving()")
GAVE_UP = ["gave up root's privileges: runs as uid 10001", "10001 10001 10001 10001 10001 10001"]


@pytest.fixture
def base() -> Iterator[Path]:
    """Make a folder that every user reaches: the folders above pytest's are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "input/data/training").mkdir(parents=True)
        (Path(name) / "input/data/training/interactions.csv").write_text("user_id,item_id\n1,a\n")
        (Path(name) / "checkpoints").mkdir()
        (Path(name) / "checkpoints/state.json").write_text("{}")
        yield Path(name)


def run(code: str, base: Path, uid: str = "10001") -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "algorithm"), "SAGEMAKER_BASE_DIR": str(base), "RECOMMENDER_UID": uid},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()


def test_training_becomes_the_user_that_the_image_names(base: Path) -> None:
    said = run(TRAIN, base)
    assert said == GAVE_UP if IS_ROOT else said[0] == "None"
    if IS_ROOT:
        written = [base / "model", base / "output", base / "checkpoints", base / "checkpoints/state.json"]
        assert {path.stat().st_uid for path in written} == {10001}
        assert (base / "input").stat().st_uid == 0  # nothing there is written


def test_serving_becomes_that_user_too(base: Path) -> None:
    said = run(SERVE, base)
    assert said == GAVE_UP if IS_ROOT else said[0] == "None"


@pytest.mark.parametrize("closed", ["input/data/training/interactions.csv", "input/data", "model"])
def test_training_stays_root_where_that_user_could_not_work(base: Path, closed: str) -> None:
    (base / "model").mkdir()
    if IS_ROOT:
        os.chown(base / "model", 777 if closed == "model" else 0, 0)  # only what is root's is handed over
    (base / closed).chmod(0o600 if closed.endswith(".csv") else 0o700)
    said = run(TRAIN, base)
    if IS_ROOT:
        assert said[0] == f"stays root: as uid 10001, {base / closed}: Permission denied"
        assert said[1].startswith("0 0 0 0 0 0")
        assert (base / "model").stat().st_uid == (777 if closed == "model" else 0)  # given back
    else:
        assert said[0] == "None"


@pytest.mark.parametrize("uid", ["", " ", "0"])
def test_no_user_to_become_is_none(base: Path, uid: str) -> None:
    assert privileges.before_training(Folders(base), {"RECOMMENDER_UID": uid}) is None
    assert privileges.before_serving({"RECOMMENDER_UID": uid}) is None
    assert not (base / "model").exists()


@pytest.mark.parametrize("uid", ["recommender", "-1", "4294967296"])
def test_a_user_that_is_no_number_is_refused(base: Path, uid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ValueError, match="RECOMMENDER_UID must be the number of a user"):
        privileges.before_training(Folders(base), {"RECOMMENDER_UID": uid})
