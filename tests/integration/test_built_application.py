"""What `sam build` makes for Lambda: its size, for whom it is, and that it is the same every time."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.deployment import sam_program
from tests.environment import read_template

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template()
FUNCTIONS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
MEGABYTE = 1024 * 1024
UNZIPPED_LIMIT = 250 * MEGABYTE
TO_SPARE = 20 * MEGABYTE
X86_64 = 62  # e_machine of an ELF file
FITS = re.compile(r"(cp313-cp313|cp3\d+-abi3|py3-none|py2\.py3-none)-(any|manylinux\w*_x86_64)")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def sam_build(folder: Path, python: str) -> Path:
    """Build with this Python as the host's `python3`."""
    first = folder / "bin"
    first.mkdir(parents=True)
    (first / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    (first / "python3").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "RETAILREC_LAPTOP"}
    environment |= {"PATH": f"{first}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1"}
    command = [sam_program(), "build", "--build-dir", str(folder / "built"), "--base-dir", str(ROOT)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return folder / "built"


def other_python() -> str:
    """Find a Python of another version than this, or settle for this one."""
    for minor in (13, 12, 11):
        program = shutil.which(f"python3.{minor}")
        if program and minor != sys.version_info.minor:
            works = [program, "-m", "pip", "--version"]
            if subprocess.run(works, capture_output=True, check=False).returncode == 0:
                return program
    return sys.executable


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sam_build(tmp_path_factory.mktemp("first"), sys.executable)


def files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in files(folder))


def content_hashes(built: Path) -> dict[str, str]:
    """Hash each function and layer: names, permissions and bytes."""
    hashes = {}
    for part in sorted(path for path in built.iterdir() if path.is_dir()):
        digest = hashlib.sha256()
        for path in files(part):
            mode = path.stat().st_mode & 0o777
            digest.update(f"{path.relative_to(part)}\0{mode}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
        hashes[part.name] = digest.hexdigest()
    return hashes


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_with_its_layers_leaves_20_mb_to_spare(built: Path, name: str) -> None:
    layers = [*TEMPLATE["Globals"]["Function"]["Layers"], *FUNCTIONS[name].get("Layers", [])]
    total = size(built / name) + sum(size(built / layer["Ref"]) for layer in layers)
    assert total < UNZIPPED_LIMIT - TO_SPARE, f"{total / MEGABYTE:.1f} MB"


def test_both_layers_and_the_largest_function_would_fit_together(built: Path) -> None:
    layers = size(built / "SharedLayer") + size(built / "TablesLayer")
    assert layers + size(built / "PrepareDatasetFunction") < UNZIPPED_LIMIT - TO_SPARE


def test_the_api_functions_own_package_is_small(built: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "api"), "zip", built / "RecommendApiFunction")
    assert Path(archive).stat().st_size < size(built / "RecommendApiFunction") < 5 * MEGABYTE


def test_every_wheel_is_for_lambdas_python_and_architecture(built: Path) -> None:
    stated = [path for path in files(built) if path.name == "WHEEL" and path.parent.suffix == ".dist-info"]
    assert stated
    for path in stated:
        tags = re.findall(r"^Tag: (.+)$", path.read_text(), flags=re.MULTILINE)
        assert any(FITS.fullmatch(tag) for tag in tags), f"{path}: {tags}"
    libraries = [path for path in files(built) if ".so" in path.suffixes]
    assert libraries
    for path in libraries:
        head = path.read_bytes()[:20]
        assert (head[:4], head[18]) == (b"\x7fELF", X86_64), path
        if "cpython" in path.name:
            assert "cpython-313-x86_64" in path.name


def test_built_again_by_another_python_it_is_the_same(built: Path, tmp_path: Path) -> None:
    assert content_hashes(sam_build(tmp_path, other_python())) == content_hashes(built)
