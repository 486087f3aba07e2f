"""The check of the locks against known vulnerabilities never takes silence for safety."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import audit, check_template


def answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    """Let pip-audit answer by service: a document, or text on stderr when it could not ask."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        answer = answers[command[command.index("--vulnerability-service") + 1]]
        if isinstance(answer, str):
            return subprocess.CompletedProcess(command, 1, "", answer)
        return subprocess.CompletedProcess(command, 0, json.dumps({"dependencies": answer}), "")

    monkeypatch.setattr(subprocess, "run", run)


CLEAN = [{"name": "uv", "version": "1", "vulns": []}]
SKIPPED = [{"name": "uv", "skip_reason": "Dependency not found on PyPI"}]
HOLE = [{"name": "uv", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}]


@pytest.mark.parametrize(
    ("osv", "pypi", "code", "words"),
    [
        (CLEAN, CLEAN, 0, "0 known vulnerabilities"),
        ("ERROR: no route to host", CLEAN, 0, "0 known vulnerabilities"),
        (HOLE, CLEAN, 1, "uv 1: PYSEC-1 (fixed in: 1.1)"),
        ("ERROR: no route to host", SKIPPED, 2, "nothing was audited"),
        ("ERROR: no route to host", "ERROR: nor here", 2, "nor here"),
    ],
)
def test_what_could_not_be_asked_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    osv: object,
    pypi: object,
    code: int,
    words: str,
) -> None:
    answering(monkeypatch, {"osv": osv, "pypi": pypi})
    assert audit.main() == code
    assert words in capsys.readouterr().out


def test_every_lock_is_audited() -> None:
    found = {path.relative_to(audit.ROOT).as_posix() for path in audit.locks()}
    assert {
        "algorithm/requirements.txt", "layers/shared/requirements.txt", "layers/tables/requirements.txt",
        "functions/publish_recommendations/requirements.txt", "requirements/laptop.txt",
        "requirements/dev.txt", "requirements/sam.txt", "requirements/audit.txt",
    } <= found  # fmt: skip
    assert found == {
        path.relative_to(audit.ROOT).as_posix()
        for path in audit.ROOT.rglob("requirements*/*.txt")
        if ".venv" not in str(path) and "build" not in path.parts
    } | {
        path.relative_to(audit.ROOT).as_posix()
        for folder in ("algorithm", "layers", "functions")
        for path in (audit.ROOT / folder).rglob("requirements.txt")
    }


def test_a_failed_check_and_a_silent_suppression_are_complaints() -> None:
    failed = {"check_id": "CKV_1", "resource": "A", "check_name": "Ensure it"}
    silent = {"check_id": "CKV_2", "resource": "B", "check_result": {"suppress_comment": ""}}
    explained = {"check_id": "CKV_3", "resource": "C", "check_result": {"suppress_comment": "because"}}
    found = {"results": {"failed_checks": [failed], "skipped_checks": [silent, explained]}}
    assert check_template.complaints(found) == [
        "CKV_1 A: Ensure it",
        "CKV_2 B: suppressed without a reason",
    ]


@pytest.mark.parametrize(
    ("check", "resource", "suppressed"),
    [
        ("CKV_AWS_115", "AWS::Serverless::Function.A", True),
        ("CKV_AWS_115", "AWS::Lambda::Function.A", False),
        ("CKV_AWS_45", "AWS::Serverless::Function.A", False),
    ],
)
def test_what_is_suppressed_for_functions_is_suppressed_for_functions_alone(
    check: str, resource: str, suppressed: bool
) -> None:
    failed = {"check_id": check, "resource": resource, "check_name": "Ensure it"}
    found = check_template.complaints({"results": {"failed_checks": [failed]}})
    assert found == ([] if suppressed else [f"{check} {resource}: Ensure it"])


def test_a_scan_that_checked_nothing_does_not_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_template, "scan", lambda _template: {"passed": 0, "failed": 0})
    assert check_template.main(Path("template.yaml")) == 1
    assert "checked nothing" in capsys.readouterr().out
