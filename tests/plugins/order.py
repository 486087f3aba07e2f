"""The order of files is drawn for every run, and printed: no test may rely on it.

``--seed N`` repeats a run's order. ``make`` draws the seed and gives it to Python's hashes, too.
"""

import os
import random
from collections.abc import Iterable
from itertools import groupby

import pytest
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

LARGEST_SEED = 2**32 - 1  # what PYTHONHASHSEED takes
# The longest first, and those of each line in any order: the short ones fill the processors' last minutes.
LONG = (
    ("tests/e2e/",),
    ("tests/sam_local/", "tests/image/"),
    ("tests/chaos/", "tests/integration/local_sagemaker/", "tests/integration/algorithm/"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gate")
    group.addoption("--seed", type=int, help="order of the files; drawn, or PYTHONHASHSEED, unless given")
    group.addoption(
        "--shuffle-tests", action="store_true", help="also draw the order of the tests within each file"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed, once for all of xdist's workers."""
    if hasattr(config, "workerinput"):
        config.option.seed = config.workerinput["seed"]
    elif config.option.seed is None:
        given = os.environ.get("PYTHONHASHSEED", "")
        config.option.seed = int(given) if given.isdigit() else random.SystemRandom().randint(1, LARGEST_SEED)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Give a worker the seed; xdist calls this."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_report_header(config: pytest.Config) -> str:
    hashes = os.environ.get("PYTHONHASHSEED", "drawn by each interpreter")
    return f"order of files: --seed {config.option.seed} · PYTHONHASHSEED: {hashes}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = shuffled(items, config.option.seed, config.option.shuffle_tests)


def shuffled(items: Iterable[pytest.Item], seed: int, each_test: bool = False) -> list[pytest.Item]:
    """Return the items with their files in the order that the seed draws, the long ones first."""
    draw = random.Random(seed)  # noqa: S311 (no secret)
    files = [(name, list(found)) for name, found in groupby(items, _file)]
    files.sort(key=lambda file: file[0])
    draw.shuffle(files)
    files.sort(key=lambda file: _rank(file[0]))
    if each_test:
        for _, found in files:
            draw.shuffle(found)
    return [item for _, found in files for item in found]


def _rank(file: str) -> int:
    return next((rank for rank, folders in enumerate(LONG) if file.startswith(folders)), len(LONG))


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]
