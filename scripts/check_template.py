"""Check a built template with checkov, offline: no failed check, and every suppressed one with its reason."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHECKOV = ROOT / ".venv-audit" / "bin" / "checkov"
ARGUMENTS = ["--skip-download", "--framework", "cloudformation", "--output", "json", "--quiet", "--compact"]
# Suppressed for every function. What concerns one resource is suppressed in the template, at that resource.
OF_FUNCTIONS: Mapping[str, str] = {
    "CKV_AWS_115": "a new account has ten concurrent executions in all: reserving some would starve the rest",
    "CKV_AWS_116": "what fails goes to DeadLetters by EventInvokeConfig: a second way would keep it twice",
    "CKV_AWS_117": "a function calls AWS's public endpoints only: a VPC would add a NAT gateway and no wall",
    "CKV_AWS_173": "the environment holds names and numbers and no secret: AWS's own key encrypts it",
}
_FUNCTION = "AWS::Serverless::Function."


def scan(template: Path) -> dict[str, Any]:
    """Run checkov over a template and return its results."""
    ended = subprocess.run(
        [str(CHECKOV), *ARGUMENTS, "--file", str(template)], capture_output=True, text=True, check=False
    )
    try:
        found: dict[str, Any] = json.loads(ended.stdout)
    except json.JSONDecodeError:
        raise SystemExit(f"checkov could not read {template}:\n{ended.stdout}{ended.stderr}") from None
    return found


def complaints(found: dict[str, Any]) -> list[str]:
    """List what checkov failed, what it could not parse, and suppressions without a reason."""
    results = found.get("results", {})
    failed = [
        f"{each['check_id']} {each['resource']}: {each['check_name']}"
        for each in results.get("failed_checks", [])
        if not _is_suppressed(each)
    ]
    silent = [
        f"{each['check_id']} {each['resource']}: suppressed without a reason"
        for each in results.get("skipped_checks", [])
        if not each["check_result"].get("suppress_comment")
    ]
    broken = [f"{path}: not parsed" for path in results.get("parsing_errors", [])]
    return failed + silent + broken


def _is_suppressed(failed: Mapping[str, Any]) -> bool:
    """Return whether a failed check is one that is suppressed for every function, on a function."""
    return failed["check_id"] in OF_FUNCTIONS and failed["resource"].startswith(_FUNCTION)


def main(template: Path) -> int:
    """Check a template, print the result, and return the exit code."""
    found = scan(template)
    problems = complaints(found)
    summary = found.get("summary", {})
    if not problems and not summary.get("passed"):
        problems = ["checkov checked nothing"]
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    for_functions = sum(map(_is_suppressed, found.get("results", {}).get("failed_checks", [])))
    sys.stdout.write(
        f"checkov: {summary.get('passed', 0)} passed, {summary.get('failed', 0) - for_functions} failed, "
        f"{summary.get('skipped', 0) + for_functions} suppressed with a reason ({template})\n"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
