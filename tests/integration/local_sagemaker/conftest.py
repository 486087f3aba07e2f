from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sagemaker.programs.ports import free_port
from tests.integration.local_sagemaker.laptop import Laptop, emulator, sagemaker


@pytest.fixture(scope="session")
def _laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    folder: Path = tmp_path_factory.mktemp("laptop")
    port = free_port()
    with emulator(free_port(), port, folder) as aws, sagemaker(port, aws, folder):
        yield Laptop(aws, port)


@pytest.fixture
def laptop(_laptop: Laptop) -> Iterator[Laptop]:
    """The laptop cloud that all tests share: names are the test's own, faults do not outlive it."""
    yield _laptop
    _laptop.admin("DELETE", "/_faults")
