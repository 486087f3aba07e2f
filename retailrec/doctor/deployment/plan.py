"""What would be deployed: the template's defaults, samconfig.toml, and the options of the command."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from local.cloud.errors import CloudError
from local.cloud.parameters import check_parameter, declared_parameters, read_pair
from retailrec.client.paths import REPOSITORY
from retailrec.client.problems import Problem
from retailrec.doctor.deployment.overrides import read_overrides
from retailrec.doctor.findings import Finding, failed, ok
from retailrec_shared.core.settings import Settings

SAMCONFIG = REPOSITORY / "samconfig.toml"
DEFAULT_STACK = "retailrec"
# Stands for an image that is not pushed yet.
NO_IMAGE = "not-pushed-yet"
_UNNAMED = dict.fromkeys(("raw_bucket", "data_bucket", "ledger_table", "serving_table", "event_bus"), "none")


@dataclass(frozen=True)
class Plan:
    """A deployment that is to be checked; ``findings`` are about the parameters themselves."""

    stack: str
    parameters: Mapping[str, str]
    region: str | None = None
    profile: str | None = None
    artifacts_bucket: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def settings(self) -> Settings | None:
        """Return the settings that the functions would get; None where parameters contradict each other."""
        try:
            return _settings(self.stack, self.parameters)
        except ValidationError:
            return None


def read_plan(stack: str | None, environment: str, given: Iterable[str], samconfig: Path = SAMCONFIG) -> Plan:
    """Read what ``sam deploy --config-env ENVIRONMENT`` would deploy.

    Raises Problem for an environment that samconfig.toml does not have.
    """
    configured = _environment(samconfig, environment)
    name = stack or str(configured.get("stack_name") or DEFAULT_STACK)
    known, findings = declared_parameters(), []
    chosen: dict[str, str] = {}
    try:
        chosen = read_overrides(configured.get("parameter_overrides") or "")
    except ValueError as problem:
        findings.append(failed("parameters", f"samconfig.toml: {problem}."))
    for each in given:
        chosen.update([_pair(each)])
    for parameter, value in chosen.items():
        try:
            check_parameter(parameter, value, known)
        except CloudError as problem:
            findings.append(failed("parameters", str(problem)))
    defaults = {parameter: str(each.get("Default", "")) for parameter, each in known.items()}
    parameters = defaults | {each: value for each, value in chosen.items() if each in known}
    findings = findings or _contradictions(name, parameters)
    if not findings:
        named = ", ".join(f"{each}={value}" for each, value in chosen.items())
        findings.append(ok("parameters", f"The template takes {named or 'its defaults'}."))
    return Plan(
        name,
        parameters,
        configured.get("region"),
        configured.get("profile"),
        configured.get("s3_bucket"),
        findings,
    )


def _environment(samconfig: Path, environment: str) -> dict[str, Any]:
    """Return the parameters of an environment's deployment."""
    if not samconfig.exists():
        return {}
    try:
        read = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{samconfig} is not TOML ({error}): correct it.") from None
    if environment not in read:
        there = ", ".join(each for each in read if each != "version")
        raise Problem(f"{samconfig} has no environment {environment}: it has {there}.")
    tables = read[environment]
    return {
        name: value
        for command in ("global", "deploy")
        for name, value in tables.get(command, {}).get("parameters", {}).items()
    }


def _pair(text: str) -> tuple[str, str]:
    try:
        return read_pair(text)
    except CloudError as problem:
        raise Problem(str(problem)) from None


def _contradictions(stack: str, parameters: Mapping[str, str]) -> list[Finding]:
    try:
        _settings(stack, parameters)
    except ValidationError as error:
        said = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        return [failed("parameters", f"The parameters contradict each other: {said}.")]
    tunes = parameters["Tuning"] == "on" and not parameters["AlgorithmArn"]
    if tunes and parameters["Algorithm"] == "popularity":
        return [failed("parameters", "Tuning is on, and Algorithm popularity has nothing to search for.")]
    return []


def _settings(stack: str, parameters: Mapping[str, str]) -> Settings:
    known = {_snake(name): value for name, value in parameters.items() if value}
    if not known.get("algorithm_arn"):
        known.setdefault("algorithm_image_uri", NO_IMAGE)
    return Settings.model_validate({**_UNNAMED, "stack_name": stack, **known})


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
