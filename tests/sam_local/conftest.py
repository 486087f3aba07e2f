"""One local cloud, one build for Lambda, and a table of what was invoked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from local import cloud
from local.samlocal.preparation import FOLDER, prepare
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from tests import needs
from tests.clouds import own_cloud
from tests.e2e.conftest import ROWS, SMALL
from tests.sam_local.world import World, open_outbox, quiet_rules

REPORT = FOLDER / "report.json"
_worlds: list[World] = []


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    needs.docker()
    REPORT.unlink(missing_ok=True)
    with own_cloud(tmp_path_factory.mktemp("cloud")):
        running = cloud.up(print, parameters=SMALL)
        stack = Stack.local(running)
        template = prepare(running, stack.session)
        quiet_rules(stack)
        made = World(stack, template, outbox=open_outbox(stack))
        _worlds.append(made)
        yield made
        REPORT.write_text(json.dumps(made.report(), indent=2) + "\n")


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "shop.xlsx"
    write(path, Shape.of_rows(ROWS), seed=7)
    return path


def pytest_terminal_summary() -> None:
    for world in _worlds:
        table = Table(title="sam local invoke, in Docker", title_justify="left")
        for column in ("function", "event", "outcome"):
            table.add_column(column, overflow="fold")
        for column in ("ms", "MB used", "MB"):
            table.add_column(column, justify="right")
        for row in world.rows:
            numbers = [row.duration_ms, row.max_memory_mb, row.memory_mb]
            figures = ["?" if number is None else f"{number:,.0f}" for number in numbers]
            table.add_row(row.function, row.event, row.outcome, *figures)
        Console(width=150).print(table)
        Console(width=150).print(f"Written to {REPORT}")
