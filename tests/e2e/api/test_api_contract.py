"""Schemathesis, with all its checks, finds nothing that the API's description does not say."""

import os
import subprocess
from pathlib import Path

import pytest

from retailrec.client.stack import Stack
from retailrec_shared.ledger.run import Run
from tests.environment import ROOT

EXAMPLES = 8

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_the_api_does_what_its_description_says(stack: Stack, live_run: Run, tmp_path: Path) -> None:
    assert stack.cloud is not None
    command = [
        ".venv/bin/schemathesis", "--config-file", "tests/e2e/api/schemathesis.toml",
        "run", "docs/openapi.json",
        "--url", stack.api_url, "--checks", "all", "--mode", "all", "--max-examples", str(EXAMPLES),
        "--seed", "1", "--workers", "1", "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        "AWS_ACCESS_KEY_ID": stack.cloud.access_key,
        "AWS_SECRET_ACCESS_KEY": stack.cloud.secret_key,
        "SCHEMATHESIS_HOOKS": "tests.e2e.api.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert "Selected: 16/16" in ended.stdout
