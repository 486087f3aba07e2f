"""What is asked of docker, and what its answers mean."""

import os
from pathlib import Path

import pytest

from local.containers import engine
from local.containers.image import build_command
from local.containers.memory import used_and_limit
from local.sagemaker.programs.containers import NETWORK, run_command
from local.sagemaker.programs.programs import Launch


def launch(**more: object) -> Launch:
    fields = {"image": "any", "command": "train", "base": Path("/ml"), "log": Path("/log"), **more}
    return Launch(**fields)  # type: ignore[arg-type]


def test_a_training_container_reaches_nobody_and_writes_to_opt_ml_alone() -> None:
    command = run_command("image:1", "name", "/state", launch(environment={"A": "b c"}))
    text = " ".join(command)
    assert "--network none" in text
    assert "--read-only" in text
    assert "--volume /ml:/opt/ml" in text
    assert "A=b c" in command
    assert command[-2:] == ["image:1", "train"]
    assert "--publish" not in command


def test_a_serving_container_is_reached_from_this_machine_alone() -> None:
    command = run_command("image:1", "name", "/state", launch(command="serve", port=20001))
    assert command[command.index("--publish") + 1] == "127.0.0.1:20001:8080"
    assert command[command.index("--network") + 1] == NETWORK


@pytest.mark.parametrize(
    ("uid", "user", "capabilities"),
    [(0, None, {"CHOWN", "SETGID", "SETUID"}), (1000, f"1000:{os.getgid()}", set())],
    ids=["root, as in SageMaker", "another"],
)
def test_a_container_starts_as_the_owner_of_opt_ml(
    uid: int, user: str | None, capabilities: set[str]
) -> None:
    command = run_command("image:1", "name", "/state", launch(), uid)
    assert (command[command.index("--user") + 1] if "--user" in command else None) == user
    assert command[command.index("--cap-drop") + 1] == "ALL"
    added = {part.removeprefix("--cap-add=") for part in command if part.startswith("--cap-add=")}
    assert added == capabilities
    assert "--init" not in command  # SageMaker has none: the program itself gets SIGTERM


def test_the_image_is_built_for_sagemakers_machines() -> None:
    assert "--platform" not in build_command("t", "x86_64")
    assert build_command("t", "arm64")[2:4] == ["--platform", "linux/amd64"]


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        ({"usage": 100, "limit": 500, "stats": {"total_inactive_file": 30}}, (70, 500)),
        ({"usage": 100, "limit": 500, "stats": {"inactive_file": 20}}, (80, 500)),
        ({"usage": 10, "limit": 500, "stats": {"inactive_file": 20}}, (0, 500)),
        ({}, (0, 0)),
    ],
    ids=["cgroups 1", "cgroups 2", "more cache than use", "a container that has ended"],
)
def test_memory_is_counted_without_the_file_cache(
    memory: dict[str, object], expected: tuple[int, int]
) -> None:
    assert used_and_limit(memory) == expected


def test_without_docker_there_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(engine.SCRIPT, str(tmp_path / "none"))
    assert not engine.available()
    assert engine.starter() is None
    with pytest.raises(Exception, match="start Docker"):
        engine.ensure()
