"""How the tests are shared out between two processes, and that they are the same on any machine."""

import hypothesis
import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

pytest_plugins = ["tests.plugins.order", "tests.plugins.processor_time", "tests.plugins.skipped"]

E2E = "tests/e2e/"

# The same examples in every run, however long each takes: neither a draw nor a machine's speed fails a test.
hypothesis.settings.register_profile(
    "same everywhere",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("same everywhere")


class Shared(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps a file's tests together, since they share fixtures; end-to-end tests share one local cloud."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return E2E if file.startswith(E2E) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shared:
    """Share the tests out; xdist's own groups are marks, which this pytest does not let it read."""
    return Shared(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes by number: packed ones hold the time, and two processes must agree on names."""
    return argname if isinstance(val, bytes) else None
