"""The report of a doctor: a table for people, JSON for scripts, and the exit code."""

import json

from typer import Exit

from retailrec.doctor.findings import Finding, Verdict
from retailrec.views.screen import out, table

NOT_WELL = 1
MARKS = {Verdict.OK: "green", Verdict.NOTE: "dim", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "yellow"}


def report(findings: list[Finding], as_json: bool) -> None:
    """Write the findings; exit with 1 if one is a failure."""
    if as_json:
        out().print_json(json.dumps([finding._asdict() for finding in findings]))
    else:
        _show(findings)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise Exit(NOT_WELL)


def _show(findings: list[Finding]) -> None:
    shown = table("", "What", "")
    for finding in findings:
        said = " ".join(part for part in (finding.sentence, finding.remedy) if part)
        shown.add_row(finding.verdict.value, finding.what, said, style=MARKS[finding.verdict])
    out().print(shown)
    wrong = sum(finding.verdict is Verdict.FAILED for finding in findings)
    not_known = sum(finding.verdict is Verdict.UNKNOWN for finding in findings)
    rest = f" Not checked: {not_known}." if not_known else ""
    out().print(f"\nTo fix: {wrong}.{rest}" if wrong else f"\nNothing to fix.{rest}")
