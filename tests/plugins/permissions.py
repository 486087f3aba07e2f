"""A test fails in which a function made a call that its role in the template does not allow.

``tests.policies.calls`` authorises the calls, and records here what is refused.
"""

from collections.abc import Generator

import pytest

refused: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Fail a test, once it has ended, with what the roles do not allow."""
    refused.clear()
    yield
    if refused:
        problems = "\n".join(refused)
        refused.clear()
        pytest.fail(f"The template does not allow what functions do:\n{problems}", pytrace=False)
