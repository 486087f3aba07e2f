import ast
import os
import sys
from pathlib import Path

import pytest

from recommender.folders import Folders
from recommender.serve.program import MAX_WORKERS, MEGABYTE, Settings
from recommender.threads import usable_cpus

ALGORITHM = Path(__file__).parents[3] / "algorithm"


def test_the_base_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/elsewhere")
    assert Folders.from_environment().model == Path("/elsewhere/model")
    monkeypatch.delenv("SAGEMAKER_BASE_DIR")
    assert Folders.from_environment().channel("training") == Path("/opt/ml/input/data/training")


def test_serving_listens_where_sagemaker_says() -> None:
    cpus = usable_cpus({})
    assert Settings.of({}) == Settings("0.0.0.0", 8080, 6 * MEGABYTE, cpus, 32 * MEGABYTE, 64 * MEGABYTE)  # noqa: S104
    chosen = {
        "SAGEMAKER_BIND_TO_PORT": "9001",
        "RECOMMENDER_HOST": "127.0.0.1",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "3",
        "RECOMMENDER_CACHE_MB": "0",
        "RECOMMENDER_READY_MB": "1",
    }
    assert Settings.of(chosen) == Settings("127.0.0.1", 9001, MEGABYTE, 3, 0, MEGABYTE)


def test_workers_are_as_many_as_sagemaker_leaves_cpus() -> None:
    assert Settings.of({"SM_NUM_CPUS": "1", "SAGEMAKER_MODEL_SERVER_WORKERS": ""}).workers == 1
    assert Settings.of({"SM_NUM_CPUS": "1", "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}).workers == 2
    assert Settings.of({"SAGEMAKER_MODEL_SERVER_WORKERS": "1000000"}).workers == MAX_WORKERS


def test_a_port_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="SAGEMAKER_BIND_TO_PORT must be a whole number, not 'http'"):
        Settings.of({"SAGEMAKER_BIND_TO_PORT": "http"})
    with pytest.raises(ValueError, match="SAGEMAKER_BIND_TO_PORT must be at most 65535, not 99999"):
        Settings.of({"SAGEMAKER_BIND_TO_PORT": "99999"})


@pytest.mark.parametrize(
    "name", ["SAGEMAKER_MODEL_SERVER_WORKERS", "RECOMMENDER_CACHE_MB", "RECOMMENDER_READY_MB"]
)
def test_other_numbers_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a whole number, not '-1'"):
        Settings.of({name: "-1"})


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ({}, 64),
    ],
)
def test_a_containers_quota_of_cpus_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)), raising=False)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content + "\n")
    assert usable_cpus({}, tmp_path) == expected


@pytest.mark.parametrize(("wanted", "expected"), [("1", 1), ("64", 4), ("0", 1), ("", 4), ("all", 4)])
def test_sagemaker_may_lower_the_number_of_cpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3}, raising=False)
    assert usable_cpus({"SM_NUM_CPUS": wanted}, tmp_path) == expected


def test_the_image_stands_alone() -> None:
    """Nothing is imported but the standard library, the image's own requirements, and itself."""
    required = {
        line.split("[")[0].strip() for line in (ALGORITHM / "requirements.in").read_text().splitlines()
    }
    allowed = sys.stdlib_module_names | required | {"recommender"}
    sources = [
        *(ALGORITHM / "recommender").glob("*.py"),
        ALGORITHM / "bin" / "train",
        ALGORITHM / "bin" / "serve",
    ]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, source
