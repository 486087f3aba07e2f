"""Every test has one verb: without a marker `make test`, with slow `make test-slow`, with soak `make soak`.

A test with both markers would run twice; one without any never, in a folder that `make test` leaves out.
"""

import pytest

NEED_MORE = ("tests/e2e/", "tests/image/", "tests/sam_local/")  # the Makefile's
PROBLEM = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)  # before tests are deselected by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if problem := _problem(item):
            item.stash[PROBLEM] = problem
            item.add_marker("slow")  # so that it is selected, and fails


@pytest.hookimpl(tryfirst=True)  # before anything is set up for it
def pytest_runtest_setup(item: pytest.Item) -> None:
    if PROBLEM in item.stash:
        pytest.fail(item.stash[PROBLEM], pytrace=False)


def _problem(item: pytest.Item) -> str:
    """Return what is wrong with a test's markers; empty where nothing is."""
    marks = {mark.name for mark in item.iter_markers()} & {"slow", "soak"}
    if len(marks) > 1:
        return "marked slow and soak: two verbs would run it"
    if not marks and item.nodeid.startswith(NEED_MORE):
        return "marked neither slow nor soak: no verb would run it"
    return ""
