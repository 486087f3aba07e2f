"""The image's commands ``train`` and ``serve`` start the programs of the package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("train", "The training channel holds no file"), ("serve", "There is no usable model")],
)
def test_a_command_of_the_image_runs_its_program(command: str, sentence: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "algorithm" / "bin" / command)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "algorithm"), "SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert sentence in ended.stdout + ended.stderr
