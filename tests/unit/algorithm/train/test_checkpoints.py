import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.data.interactions import Interactions
from recommender.fitting.fitted import Epoch
from recommender.hyperparameters import Hyperparameters
from recommender.train.checkpoints import Checkpoints, fingerprint


def epoch(number: int) -> Epoch:
    return Epoch(number, 9, 0.1, np.full((3, 2), number, np.float32), np.full((4, 2), -number, np.float32))


@pytest.fixture
def interactions() -> Interactions:
    codes = np.array([0, 1], dtype=np.int32)
    return Interactions(["u", "v"], ["a", "b"], codes, codes, np.array([1.0, 2.0]))


def test_a_fit_goes_on_where_it_was(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "f").save("evaluated", epoch(3))
    start = Checkpoints(tmp_path, "f").start("evaluated")
    assert start is not None
    assert start.epoch == 3
    assert (start.user_factors == 3).all()
    assert (start.item_factors == -3).all()


def test_another_fit_starts_from_scratch(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "f").save("evaluated", epoch(3))
    assert Checkpoints(tmp_path, "f").start("refitted") is None


def test_the_newest_factors_alone_stay(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, "f")
    for number in (1, 2):
        checkpoints.save("evaluated", epoch(number))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["factors-evaluated-000002.npz", "state.json"]


def test_findings_are_kept(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "f").keep("plan", {"algorithm": "als"})
    assert Checkpoints(tmp_path, "f").result("plan") == {"algorithm": "als"}
    assert Checkpoints(tmp_path, "f").result("other") is None


def test_without_a_folder_nothing_is_kept() -> None:
    checkpoints = Checkpoints(None, "f")
    checkpoints.keep("plan", 1)
    checkpoints.save("evaluated", epoch(1))
    assert checkpoints.start("evaluated") is None
    assert not checkpoints.kept


def test_a_checkpoint_of_other_data_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Checkpoints(tmp_path, "f").save("evaluated", epoch(3))
    other = Checkpoints(tmp_path, "g")
    assert other.start("evaluated") is None
    assert "belongs to other data, hyperparameters or another version" in caplog.text


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "fingerprint": "f"}'])
def test_a_damaged_state_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    checkpoints = Checkpoints(tmp_path, "f")
    assert checkpoints.result("plan") is None
    assert "starts from scratch" in caplog.text
    checkpoints.keep("plan", 1)
    assert json.loads((tmp_path / "state.json").read_text())["results"] == {"plan": 1}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("results", {"plan": 5}),
        ("results", {}),
        ("fit", {"stage": "evaluated"}),
        ("fit", 7),
        ("digest", None),
    ],
)
def test_a_state_that_was_changed_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str, value: object
) -> None:
    checkpoints = Checkpoints(tmp_path, "f")
    checkpoints.keep("plan", {"algorithm": "als"})
    checkpoints.save("evaluated", epoch(3))
    state = json.loads((tmp_path / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps(state | {part: value}))
    changed = Checkpoints(tmp_path, "f")
    assert changed.result("plan") is None
    assert changed.start("evaluated") is None
    assert "starts from scratch" in caplog.text


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_damaged_factors_are_fitted_from_scratch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    Checkpoints(tmp_path, "f").save("evaluated", epoch(3))
    (tmp_path / "factors-evaluated-000003.npz").write_bytes(content)
    assert Checkpoints(tmp_path, "f").start("evaluated") is None
    assert "is damaged" in caplog.text


def test_ending_while_writing_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path, "f")
    checkpoints.save("evaluated", epoch(1))

    def killed(*_: object) -> Iterator[None]:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save("evaluated", epoch(2))
    start = Checkpoints(tmp_path, "f").start("evaluated")
    assert start is not None
    assert start.epoch == 1


def test_every_row_and_hyperparameter_counts(interactions: Interactions) -> None:
    chosen = Hyperparameters()
    original = fingerprint(chosen, (interactions, None))
    assert fingerprint(chosen, (interactions, None)) == original
    others = [
        fingerprint(replace(chosen, seed=1), (interactions, None)),
        fingerprint(chosen, (interactions, interactions)),
        fingerprint(chosen, (replace(interactions, times=None), None)),
        fingerprint(chosen, (replace(interactions, user_ids=["u", "w"]), None)),
        fingerprint(chosen, (replace(interactions, item_codes=interactions.item_codes[::-1].copy()), None)),
    ]
    assert len({original, *others}) == 6


def test_a_folder_that_cannot_be_written_to_does_not_end_a_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state.json").mkdir()
    checkpoints = Checkpoints(tmp_path, "f")
    checkpoints.keep("plan", 1)
    checkpoints.save("evaluated", epoch(1))
    assert checkpoints.result("plan") == 1
    assert not checkpoints.kept
    assert caplog.text.count("continuing without") == 1


def test_a_full_disk_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(tmp_path, "f")
    checkpoints.save("evaluated", epoch(1))

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    checkpoints.save("evaluated", epoch(2))
    start = Checkpoints(tmp_path, "f").start("evaluated")
    assert start is not None
    assert start.epoch == 1
    assert "No space left" in caplog.text
