"""The account is saved once for changes that come together, and before their events are sent."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from local.sagemaker.account.records import Model
from local.sagemaker.account.store import Store
from local.sagemaker.http import persistence
from local.sagemaker.http.persistence import AccountFile
from local.sagemaker.settings import Settings


def account(folder: Path) -> tuple[Store, AccountFile, Path]:
    store = Store(Settings(state_dir=folder, aws_endpoint=""))
    return store, AccountFile(store, folder / "account.json"), folder / "account.json"


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Collect the files that are written."""
    paths: list[Path] = []
    write: Callable[[Store, Path], None] = persistence.write

    def counted(store: Store, path: Path) -> None:
        paths.append(path)
        write(store, path)

    monkeypatch.setattr(persistence, "write", counted)
    return paths


def test_changes_that_come_together_are_written_once(tmp_path: Path, writes: list[Path]) -> None:
    store, file, path = account(tmp_path)

    async def change() -> None:
        store.models.add(Model(name="m", arn="arn", request={}))
        file.changed()
        file.changed()
        file.save()
        assert '"m"' in path.read_text()
        file.save()

    asyncio.run(change())
    assert writes == [path]


def test_a_change_is_on_disk_before_anything_that_is_started_after_it(tmp_path: Path) -> None:
    store, file, path = account(tmp_path)

    async def change() -> bool:
        store.models.add(Model(name="m", arn="arn", request={}))
        file.changed()
        event: asyncio.Queue[bool] = asyncio.Queue()
        asyncio.get_running_loop().call_soon(lambda: event.put_nowait(path.exists()))
        assert not path.exists()
        return await event.get()

    assert asyncio.run(change())


def test_a_failed_write_is_repeated_with_the_next_change(tmp_path: Path) -> None:
    store, file, path = account(tmp_path / "missing")

    async def change() -> None:
        file.changed()
        with pytest.raises(FileNotFoundError):
            file.save()
        path.parent.mkdir()
        store.models.add(Model(name="m", arn="arn", request={}))
        file.changed()
        file.save()

    asyncio.run(change())
    assert '"m"' in path.read_text()
