"""How the tests are shared out between two processes, and that they are the same on any machine."""

import hypothesis
import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

pytest_plugins = [
    "tests.plugins.markers",
    "tests.plugins.order",
    "tests.plugins.permissions",
    "tests.plugins.processor_time",
    "tests.plugins.requests",
    "tests.limits.requests",  # checks every request, from the first client on
    "tests.plugins.skipped",
]

# Tests that share a cloud, an emulator or an image run in one process; the others share what their file has.
CONTAINERS = "containers"
SHARING = {
    "tests/e2e/test_containers.py": CONTAINERS,  # it builds the image, as tests/image does
    "tests/image/": CONTAINERS,
    **{
        file: file  # they have clouds of their own
        for file in (
            "tests/e2e/test_destroy.py",
            "tests/e2e/test_lifecycle.py",
            "tests/e2e/test_marketplace.py",
            "tests/e2e/test_real_file.py",
        )
    },
    "tests/e2e/": "tests/e2e/",
    "tests/sam_local/": "tests/sam_local/",
    "tests/integration/local_sagemaker/": "tests/integration/local_sagemaker/",
}

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
    """Keeps together the tests that share fixtures which are dear."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((scope for prefix, scope in SHARING.items() if file.startswith(prefix)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shared:
    """Share the tests out; xdist's own groups are marks, which this pytest does not let it read."""
    return Shared(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name cases of bytes by number: packed ones hold the time, and two processes must agree on names."""
    return argname if isinstance(val, bytes) else None
