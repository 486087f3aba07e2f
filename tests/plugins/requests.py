"""A test fails in which a function or a command made a request that AWS would refuse.

``tests.limits.requests`` checks the requests, and records here what is wrong with them.
"""

from collections.abc import Generator

import pytest

invalid: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Fail a test, once it has ended, with the requests that AWS would refuse."""
    invalid.clear()
    yield
    if invalid:
        problems = "\n".join(invalid)
        invalid.clear()
        pytest.fail(f"AWS would refuse requests:\n{problems[:10_000]}", pytrace=False)
