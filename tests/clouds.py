"""Local clouds for tests: each in a folder of its own and on ports of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import cloud
from local.sagemaker.programs.ports import free_port


def environment(state_dir: Path) -> dict[str, str]:
    """Return the variables by which every `retailrec` finds a test's cloud, and no other."""
    return {
        "RETAILREC_STATE_DIR": str(state_dir),
        # Never the usual ports: two clouds that start at once would both find them free.
        "RETAILREC_AWS_PORT": str(free_port()),
        "RETAILREC_SAGEMAKER_PORT": str(free_port()),
        # On one thread the same file makes the same model, and no gate is passed by chance.
        "SM_NUM_CPUS": "1",
    }


@contextmanager
def own_cloud(state_dir: Path) -> Iterator[Path]:
    """Let `retailrec` in this process find a cloud of the test's own; what comes up is taken down."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(state_dir).items():
            patch.setenv(name, value)
        try:
            yield state_dir
        finally:
            cloud.down(print)
