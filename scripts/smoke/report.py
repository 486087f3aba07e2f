"""The report of a smoke test, as Markdown and JSON, without what identifies an account or opens it."""

import json
import platform
import re
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.smoke.record import Record

ROOT = Path(__file__).resolve().parents[2]
# Account ids, keys, what follows a session token's or a signature's name, addresses of people, ids of APIs.
_NAMED = r"(?i)((?:security-token|signature|secret\w*|session\w*token)[\"'=: ]+)[A-Za-z0-9/+=%]{16,}"
_SECRETS = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"(?<!\d)\d{12}(?!\d)", "ACCOUNT"),
        (r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{12,}\b", "KEY"),
        (_NAMED, r"\1SECRET"),
        (r"[\w.+-]+@[\w-]+\.[\w.]+", "EMAIL"),
        (r"\b[a-z0-9]{8,12}(?=\.execute-api\.)", "API"),
        (r"(:(?:assumed-role|user|role)/)[^\s\"',]+", r"\1NAME"),
    )
)


def clean(text: str) -> str:
    """Replace what must not leave the account: ids, keys, signatures, addresses, names of people."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _cleaned(node: Any) -> Any:
    if isinstance(node, dict):
        return {clean(key): _cleaned(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_cleaned(each) for each in node]
    return clean(node) if isinstance(node, str) else node


def write(record: Record, folder: Path) -> tuple[Path, Path]:
    """Write report.md and report.json into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = _cleaned(
        {
            "release": _release(), "python": platform.python_version(), "system": platform.system(),
            "region": record.region, "started": record.started,
            "passed": not record.failed(), "steps": [asdict(each) for each in record.outcomes],
        }
    )  # fmt: skip
    page, data = folder / "report.md", folder / "report.json"
    data.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    page.write_text(_page(whole), encoding="utf-8")
    return page, data


def _release() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "unknown"


def _page(whole: dict[str, Any]) -> str:
    lines = [
        "# Smoke test on AWS", "",
        f"{'Passed' if whole['passed'] else 'Failed'}: release {whole['release']}, {whole['region']}, begun "
        f"{whole['started']}, Python {whole['python']} on {whole['system']}.", "",
        "| step | result | seconds | found |", "|---|---|---:|---|",
    ]  # fmt: skip
    for step in whole["steps"]:
        facts = "; ".join(f"{name}: {_short(value)}" for name, value in step["facts"].items())
        result = "failed" if step["problem"] else "passed"
        lines.append(f"| {step['name']} | {result} | {step['seconds']:.1f} | {facts} |")
    for step in whole["steps"]:
        if step["problem"]:
            lines += ["", f"## {step['name']} failed", "", "```text", step["problem"], "```"]
    return "\n".join([*lines, ""])


def _short(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, (dict, list)) else str(value)
    return (text if len(text) <= 160 else f"{text[:157]}…").replace("|", "\\|").replace("\n", " ")
