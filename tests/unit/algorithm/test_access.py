"""What cannot be read is never called absent, and what cannot be written is said before the fits."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recommender import access
from recommender.data.channels import read_channel
from recommender.errors import UserError
from recommender.fitting.compiled import cache_folder
from recommender.folders import Folders
from recommender.hyperparameters import read_hyperparameters
from recommender.model.model import ModelError, load_model
from recommender.train.checkpoints import STATE, Checkpoints
from recommender.train.interrupts import Interrupt
from recommender.train.job import check_job, user_error, write_failure
from recommender.train.program import train
from tests import rights
from tests.unit.algorithm.conftest import WriteChannel

ROWS = ["user_id,item_id", "1,a", "1,b", "2,a", "2,c"]
Close = Callable[[Path], Path]


@pytest.fixture
def close() -> Iterator[Close]:
    """Take every right to a file or folder away; they are given back in the end."""
    closed: list[tuple[Path, int]] = []

    def take(path: Path) -> Path:
        closed.append((path, path.stat().st_mode))
        path.chmod(0)
        return path

    with rights.of_an_owner():
        yield take
        for path, mode in reversed(closed):
            path.chmod(mode)


def cannot(act: str, path: Path) -> str:
    return f"Cannot {act} {path} as uid {os.geteuid()}: Permission denied. Let this user {act} it"


@pytest.mark.parametrize("below", ["", "more", "interactions.csv"], ids=["channel", "folder in it", "file"])
def test_a_channel_that_cannot_be_read_is_not_called_empty(
    folders: Folders, write_channel: WriteChannel, close: Close, below: str
) -> None:
    write_channel("training", ROWS)
    write_channel("training", ROWS, "more/interactions.csv")
    closed = close(folders.channel("training") / below)
    with pytest.raises(UserError) as caught:
        read_channel(folders.channel("training"))
    assert cannot("read", closed) in str(caught.value)


def test_files_in_a_folder_that_may_only_be_listed_are_not_called_absent(
    folders: Folders, write_channel: WriteChannel, close: Close
) -> None:
    write_channel("training", ROWS)
    close(folders.channel("training")).chmod(0o400)
    with pytest.raises(UserError, match=r"Cannot read .*/training/interactions\.csv as uid"):
        read_channel(folders.channel("training"))


def test_a_link_to_nothing_is_no_file(folders: Folders, write_channel: WriteChannel) -> None:
    write_channel("training", ROWS)
    (folders.channel("training") / "gone").symlink_to("nowhere")
    assert len(read_channel(folders.channel("training"))) == 4


@pytest.mark.parametrize("closed", ["config", "config/hyperparameters.json"], ids=["folder", "file"])
def test_hyperparameters_that_cannot_be_read_are_not_the_defaults(
    folders: Folders, write_hyperparameters: Callable[..., None], close: Close, closed: str
) -> None:
    write_hyperparameters(factors="8")
    close(folders.base / "input" / closed)
    path = folders.configuration / "hyperparameters.json"
    with pytest.raises(UserError) as caught:
        read_hyperparameters(path)
    assert cannot("read", path) in str(caught.value)


def test_a_configuration_that_cannot_be_read_is_refused(folders: Folders, close: Close) -> None:
    folders.configuration.mkdir(parents=True)
    path = folders.configuration / "resourceconfig.json"
    path.write_text("{}")
    close(path)
    with pytest.raises(UserError, match=r"Cannot read .*resourceconfig\.json as uid"):
        check_job(folders)


def test_held_out_rows_that_cannot_be_read_are_not_left_out(
    folders: Folders, write_channel: WriteChannel, close: Close
) -> None:
    write_channel("training", ROWS)
    write_channel("testing", ROWS)
    close(folders.channel("testing"))
    with pytest.raises(UserError, match=r"Cannot read .*/testing as uid"):
        train(folders)


def test_a_model_folder_that_cannot_be_written_to_is_found_before_the_fits(
    folders: Folders, write_channel: WriteChannel, close: Close, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    write_channel("training", ROWS)
    folders.model.mkdir()
    close(folders.model)
    with pytest.raises(UserError) as caught:
        train(folders, Interrupt())
    assert cannot("write to", folders.model) in str(caught.value)
    assert "fitting" not in caplog.text


@pytest.mark.parametrize("closed", ["", STATE], ids=["folder", "file"])
def test_checkpoints_that_cannot_be_read_are_warned_of(
    folders: Folders, close: Close, caplog: pytest.LogCaptureFixture, closed: str
) -> None:
    folders.checkpoints.mkdir()
    Checkpoints(folders.checkpoints, "f").keep("plan", {"factors": 8})
    close(folders.checkpoints / closed)
    assert Checkpoints(folders.checkpoints, "f").result("plan") is None
    assert cannot("read", folders.checkpoints / STATE) in caplog.text
    assert "Training starts from scratch." in caplog.text


def test_a_failure_file_that_cannot_be_written_is_said(
    folders: Folders, close: Close, caplog: pytest.LogCaptureFixture
) -> None:
    folders.failure.parent.mkdir()
    close(folders.failure.parent)
    write_failure(folders.failure, "the reason")
    assert f"the failure file is not written. {cannot('write to', folders.failure)}" in caplog.text


def test_a_model_that_cannot_be_read_is_not_called_absent(folders: Folders, close: Close) -> None:
    folders.model.mkdir()
    (folders.model / "model.json").write_text("{}")
    close(folders.model)
    with pytest.raises(ModelError) as caught:
        load_model(folders.model)
    assert cannot("read", folders.model / "model.json") in str(caught.value)


def test_whatever_else_is_refused_is_for_the_jobs_owner() -> None:
    refused = user_error(PermissionError(13, "Permission denied", "/opt/ml/model/user_ids.npy"))
    assert str(refused).startswith("Cannot use /opt/ml/model/user_ids.npy as uid ")
    read_only = user_error(OSError(30, "Read-only file system", "/opt/ml/model/user_ids.npy"))
    assert str(read_only).endswith("Read-only file system. Mount it so that it can be written to.")
    assert user_error(OSError(5, "Input/output error", "/opt/ml/model/user_ids.npy")) is None


def test_a_file_that_the_volume_does_not_give_is_named() -> None:
    sentence = r"Cannot read /x as uid \d+: Input/output error\. Run the job again"
    with pytest.raises(UserError, match=sentence), access.reading(Path("/x")):
        raise OSError(5, "Input/output error")


def test_compiled_code_that_cannot_be_written_to_is_copied(tmp_path: Path, close: Close) -> None:
    given = tmp_path / "compiled"
    given.mkdir()
    (given / "kernel.nbi").write_bytes(b"compiled")
    assert cache_folder(str(given)) == str(given)
    close(given).chmod(0o500)
    copy = Path(cache_folder(str(given)))
    assert copy != given
    assert (copy / "kernel.nbi").read_bytes() == b"compiled"
    (copy / "another.nbi").touch()
    close(given)
    assert cache_folder(str(given)) == str(given)  # numba then compiles in memory
    assert cache_folder("") == ""
