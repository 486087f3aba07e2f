"""``retailrec doctor``: check everything that a stack needs, and say what to fix."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from typer import Exit

from retailrec.client import laptop
from retailrec.client.sessions import aws_session
from retailrec.client.stack import Stack
from retailrec.doctor import algorithm_checks, quota_checks, stack_checks
from retailrec.doctor.findings import Finding, Verdict, failed, note, ok, run_check
from retailrec.views.screen import out, table
from retailrec_shared.core.settings import Settings

NOT_WELL = 1
MARKS = {Verdict.OK: "green", Verdict.NOTE: "dim", Verdict.FAILED: "bold red"}
# Placeholders for the names of a stack that is not deployed yet.
UNNAMED = dict.fromkeys(
    ("stack_name", "raw_bucket", "data_bucket", "ledger_table", "serving_table", "event_bus"), "doctor"
)


def doctor(name: str | None, algorithm_arn: str, as_json: bool) -> None:
    """Check a stack, or without one what a stack would need; exit with 1 if anything is wrong."""
    findings = examine(name, algorithm_arn)
    if as_json:
        out().print_json(json.dumps([finding._asdict() for finding in findings]))
    else:
        _show(findings)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise Exit(NOT_WELL)


def examine(name: str | None, algorithm_arn: str) -> list[Finding]:
    """Run all checks, in the order in which a deployment would meet the problems."""
    if name is None and laptop.running() is None:
        return _check_account(algorithm_arn)
    stack = Stack.open(name)
    return _check_stack(stack, algorithm_arn)


def _check_account(algorithm_arn: str) -> list[Finding]:
    session = aws_session()
    found = run_check("credentials", lambda: _who(session.client("sts"), session.region_name))
    if any(each.verdict is Verdict.FAILED for each in found):
        return found
    if not algorithm_arn:
        return [*found, note("stack", "No stack is given (--stack NAME), and the local cloud is not up.")]
    settings = Settings.model_validate({**UNNAMED, "algorithm_arn": algorithm_arn})
    return [
        *found,
        *run_check(
            "algorithm",
            lambda: algorithm_checks.check_marketplace(
                session.client("sagemaker"), settings, session.region_name
            ),
        ),
        *run_check("quotas", lambda: quota_checks.check_quotas(session.client("service-quotas"), settings)),
    ]


def _check_stack(stack: Stack, algorithm_arn: str) -> list[Finding]:
    region = stack.session.region_name
    found = run_check("credentials", lambda: _who(stack.aws("sts"), region))
    found += run_check("stack", lambda: stack_checks.check_formation(stack))
    for what, check in (
        ("buckets and tables", stack_checks.check_resources),
        ("endpoint", stack_checks.check_endpoint),
        ("runs", stack_checks.check_runs),
        ("dead letters", stack_checks.check_dead_letters),
    ):
        found += run_check(what, lambda check=check: check(stack))  # type: ignore[misc]
    try:
        settings = _settings(stack, algorithm_arn)
    except ValidationError as error:
        problems = "; ".join(each["msg"] for each in error.errors())
        return [*found, failed("parameters", f"The stack's parameters contradict each other ({problems}).")]
    found += run_check("algorithm", lambda: _algorithm(stack, settings, region))
    if stack.cloud is None:
        found += run_check("quotas", lambda: quota_checks.check_quotas(stack.aws("service-quotas"), settings))
    return found


def _settings(stack: Stack, algorithm_arn: str) -> Settings:
    """Read a stack's parameters as its functions do, with another algorithm if one is given."""
    known: Mapping[str, Any] = stack.known_settings()
    if algorithm_arn:
        known = {**known, "algorithm_arn": algorithm_arn, "algorithm_image_uri": ""}
    return Settings.model_validate({**UNNAMED, **known})


def _who(sts: Any, region: str | None) -> Iterator[Finding]:
    if region is None:
        yield failed("credentials", "No AWS region is chosen: set AWS_REGION, or one in your AWS profile.")
        return
    who = sts.get_caller_identity()
    yield ok("credentials", f"You are {who['Arn']}, in {region}.")


def _algorithm(stack: Stack, settings: Settings, region: str) -> Iterator[Finding]:
    if settings.algorithm_arn:
        yield from algorithm_checks.check_marketplace(stack.sagemaker(), settings, region)
    elif stack.cloud:
        yield ok("algorithm", "The local SageMaker runs the programs in algorithm/.")
    else:
        yield from algorithm_checks.check_image(stack.aws("ecr"), settings.algorithm_image_uri)


def _show(findings: list[Finding]) -> None:
    shown = table("", "What", "")
    for finding in findings:
        shown.add_row(finding.verdict.value, finding.what, finding.sentence, style=MARKS[finding.verdict])
    out().print(shown)
    wrong = sum(finding.verdict is Verdict.FAILED for finding in findings)
    out().print(f"\nTo fix: {wrong}." if wrong else "\nNothing to fix.")
