"""Properties that hold for any input: a few examples in `make test`, and many in `make soak`."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

SOAK = [pytest.mark.soak, pytest.mark.timeout(7_200)]


def holds_for(
    *inputs: SearchStrategy[Any], few: int, many: int
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Make a test of a check, which is called with so many examples of its inputs."""

    def decorate(check: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [few, pytest.param(many, marks=SOAK)])
        def test(examples: int) -> None:
            settings(max_examples=examples)(given(*inputs)(check))()

        test.__name__ = check.__name__
        return test

    return decorate
