"""What `sam build` puts into the package of a function, and into the shared layer."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_has_every_file_of_the_function(function: str, tmp_path: Path) -> None:
    target = "".join(map(str.capitalize, function.split("_")))
    environment = os.environ | {"ARTIFACTS_DIR": str(tmp_path), "RETAILREC_LAPTOP": "1"}
    subprocess.run(
        ["make", "--silent", f"build-{target}Function"], cwd=ROOT / "functions", env=environment, check=True
    )
    tracked = subprocess.run(
        ["git", "ls-files", function], cwd=ROOT / "functions", capture_output=True, text=True, check=True
    )
    built = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert built == {
        path for path in tracked.stdout.split() if not Path(path).name.startswith("requirements.")
    }


def test_the_layer_has_every_file_of_the_shared_package(tmp_path: Path) -> None:
    environment = os.environ | {"ARTIFACTS_DIR": str(tmp_path), "RETAILREC_LAPTOP": "1"}
    folder = ROOT / "layers/shared"
    subprocess.run(["make", "--silent", "build-SharedLayer"], cwd=folder, env=environment, check=True)
    listing = ["git", "ls-files", "retailrec_shared"]
    tracked = subprocess.run(listing, cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    built = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert built == {f"python/{path}" for path in tracked}
