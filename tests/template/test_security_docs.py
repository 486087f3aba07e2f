"""docs/security.md and docs/operations.md say what the template and the commands are."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from retailrec.cli.verbs import app
from scripts.check_template import OF_FUNCTIONS
from tests.environment import read_template
from tests.template.roles import table

DOCS = Path(__file__).parents[2] / "docs"
SECURITY = (DOCS / "security.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
RESOURCES = read_template()["Resources"]


def test_the_table_of_roles_is_the_templates() -> None:
    assert table() in SECURITY, f"put this into docs/security.md:\n{table()}"


@pytest.mark.parametrize("name", [n for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"])
def test_every_alarm_is_explained(name: str) -> None:
    (line,) = [line for line in OPERATIONS.splitlines() if line.startswith(f"| {name} |")]
    assert "`retailrec " in line


def test_every_command_that_the_docs_type_is_there() -> None:
    verbs = set(get_command(app).commands)  # type: ignore[attr-defined]
    typed = set(re.findall(r"`retailrec ([a-z]+)", OPERATIONS + SECURITY))
    assert {"retry", "stop", "approve", "rollback", "redrive"} <= typed
    assert typed <= verbs


def test_every_suppressed_check_is_documented() -> None:
    skipped = set(OF_FUNCTIONS) | {
        skip["id"]
        for resource in RESOURCES.values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }
    assert skipped == set(re.findall(r"CKV_[A-Z0-9_]+", SECURITY))
