"""``retailrec doctor``: check everything that a stack needs, and say what to fix."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from retailrec.client import laptop
from retailrec.client.place import chosen
from retailrec.client.problems import NO_REGION
from retailrec.client.sessions import aws_session
from retailrec.client.stack import Stack
from retailrec.doctor import algorithm_checks, quota_checks, stack_checks
from retailrec.doctor.findings import Finding, Verdict, failed, note, ok, run_check
from retailrec.doctor.report import report
from retailrec_shared.core.settings import Settings

# Placeholders for the names of a stack that is not deployed yet.
UNNAMED = dict.fromkeys(
    ("stack_name", "raw_bucket", "data_bucket", "ledger_table", "serving_table", "event_bus"), "doctor"
)


def doctor(name: str | None, algorithm_arn: str, as_json: bool) -> None:
    """Check a stack, or without one what a stack would need; exit with 1 if anything is wrong."""
    report(examine(name, algorithm_arn), as_json)


def examine(name: str | None, algorithm_arn: str) -> list[Finding]:
    """Run all checks, in the order in which a deployment would meet the problems."""
    if name is None and (chosen() or laptop.running() is None):
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
        yield failed("credentials", NO_REGION)
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
