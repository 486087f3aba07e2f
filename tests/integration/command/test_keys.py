"""`retailrec keys`, as a shell reads it."""

import stat
import subprocess
from pathlib import Path

from local.cloud import Running
from retailrec.client import laptop
from tests.integration.command.conftest import Invoke
from tests.integration.command.test_demo import FakeLaptop, cloud

__all__ = ["cloud"]


def test_a_shell_learns_keys_and_addresses(retailrec: Invoke, cloud: FakeLaptop) -> None:
    running = laptop.up(print)
    printed = retailrec("keys").stdout
    script = f'AWS_SESSION_TOKEN=old; {printed} echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $API_URL"'
    values = subprocess.run(["/bin/sh", "-euc", script], capture_output=True, text=True, check=True).stdout
    key, secret, api = values.split()
    assert (key, secret) == (running.access_key, running.secret_key)
    assert api.startswith(f"{running.aws_url}/_aws/execute-api/")
    assert "AWS_SESSION_TOKEN" in printed


def test_without_a_cloud_there_are_no_keys(retailrec: Invoke, cloud: FakeLaptop) -> None:
    answer = retailrec("keys")
    assert answer.exit_code != 0
    assert "retailrec up" in answer.output


def test_each_cloud_draws_a_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    first, second = [
        Running(
            aws_url="http://127.0.0.1:1",
            sagemaker_url="http://127.0.0.1:2",
            state_dir=tmp_path,
            started_at="x",
        )
        for _ in range(2)
    ]
    assert len({first.access_key, second.access_key, first.secret_key, second.secret_key}) == 4
    assert (first.access_key[:4], len(first.access_key), len(first.secret_key)) == ("AKIA", 20, 40)
    assert first.secret_key not in repr(first)
    first.save()
    assert stat.S_IMODE((tmp_path / "cloud.json").stat().st_mode) == 0o600
