"""A request's time: whatever does not answer in what is left of it is not waited for."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from recommend_api import budget
from recommend_api.budget import Budget, TooSlow

LONG = 3600.0


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What nobody sets as long as a test lasts."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize(("seconds", "at_most"), [(LONG, 0.01), (0.01, LONG)])
def test_what_does_not_answer_is_given_up_after_the_shorter_of_both_times(
    never: threading.Event, seconds: float, at_most: float
) -> None:
    with pytest.raises(TooSlow):
        Budget(seconds).wait(never.wait, at_most)


def test_what_answers_in_time_is_answered_by() -> None:
    assert Budget(LONG).wait(lambda: 7, LONG) == 7
    with pytest.raises(ZeroDivisionError):
        Budget(LONG).wait(lambda: 1 / 0, LONG)


def test_once_nothing_is_left_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "time", clock := SimpleNamespace(monotonic=lambda: 10.0))
    request, asked = Budget(2.0), list[int]()
    clock.monotonic = lambda: 11.5
    assert request.left == 0.5
    clock.monotonic = lambda: 12.5
    assert request.left == 0
    with pytest.raises(TooSlow):
        request.wait(lambda: asked.append(1), LONG)
    assert asked == []
