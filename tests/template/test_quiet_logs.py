"""Above DEBUG, no log statement is given a customer, a request or an answer."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import read_template

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("functions", "layers/shared") for path in (ROOT / folder).rglob("*.py"))
LOUD = {"info", "warning", "error", "exception", "critical", "append_keys"}
PERSONAL = {"customer", "customer_id", "user", "user_id", "history", "purchases", "body", "request"}


def named_in_logs(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LOUD
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "logger"
        ):
            for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
                for name in ast.walk(part):
                    if isinstance(name, ast.Name) and name.id in PERSONAL:
                        yield name.id
                    if isinstance(name, ast.Attribute) and name.attr in PERSONAL:
                        yield name.attr


@pytest.mark.parametrize("path", SOURCES, ids=[path.relative_to(ROOT).as_posix() for path in SOURCES])
def test_no_log_statement_names_a_customer(path: Path) -> None:
    assert list(named_in_logs(ast.parse(path.read_text()))) == []


def test_the_test_can_fail() -> None:
    assert list(named_in_logs(ast.parse("logger.info('x', who=customer_id)"))) == ["customer_id"]
    assert list(named_in_logs(ast.parse("logger.warning(f'{run.user_id} failed')"))) == ["user_id"]
    assert list(named_in_logs(ast.parse("logger.debug('x', who=customer_id)"))) == []


def test_powertools_logs_no_event() -> None:
    variables = read_template()["Globals"]["Function"]["Environment"]["Variables"]
    assert not {"POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV", "LOG_LEVEL"} & set(variables)
    for path in SOURCES:
        assert "log_event=True" not in path.read_text()
