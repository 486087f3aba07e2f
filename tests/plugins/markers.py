"""Every test has one verb: without a marker `make test`, with slow `make test-slow`, with soak `make soak`.

In folders that need more than Python (a cloud, an emulator, programs, Docker), a test is slow unless it is
marked soak. A test with both markers would run twice, and fails.
"""

import pytest

NEED_MORE = (  # the Makefile's
    "tests/e2e/",
    "tests/image/",
    "tests/sam_local/",
    "tests/integration/algorithm/",
    "tests/integration/local_sagemaker/",
)
PROBLEM = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)  # before tests are deselected by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marks = {mark.name for mark in item.iter_markers()} & {"slow", "soak"}
        if len(marks) > 1:
            item.stash[PROBLEM] = "marked slow and soak: two verbs would run it"
        if not marks and item.nodeid.startswith(NEED_MORE):
            item.add_marker("slow")


@pytest.hookimpl(tryfirst=True)  # before anything is set up for it
def pytest_runtest_setup(item: pytest.Item) -> None:
    if PROBLEM in item.stash:
        pytest.fail(item.stash[PROBLEM], pytrace=False)
