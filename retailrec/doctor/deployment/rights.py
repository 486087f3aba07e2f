"""Check of the caller's permissions, by IAM's own simulation."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from retailrec.doctor.deployment.account import Caller
from retailrec.doctor.findings import Finding, failed, ok, unknown
from retailrec.doctor.permissions import Need

WHAT = "permissions"
SHOWN = 12
REMEDY = "Attach the policies in docs/deployer-policies (docs/permissions.md), or ask for these actions."
_ASSUMED = re.compile(r"arn:[a-z-]+:sts::\d+:assumed-role/([^/]+)/.+")
_IDENTITY = re.compile(r"arn:[a-z-]+:iam::\d+:(user|role)/.+")


def check_rights(iam: Any, caller: Caller, needs: Iterable[Need]) -> Iterator[Finding]:
    """Simulate every action that a deployment needs; IAM does not see all of an organization's policies."""
    if caller.arn.endswith(":root"):
        yield ok(WHAT, "The root user may do everything. Deploy as a user or a role with fewer permissions.")
        return
    source = _source(iam, caller)
    if source is None:
        yield unknown(WHAT, f"IAM cannot simulate the permissions of {caller.arn}.", "Deploy as a role.")
        return
    denied, undecided, allowed = set(), set(), set()
    for need in needs:
        for action, decision, missing in _simulated(iam, source, need):
            if decision == "allowed":
                allowed.add(action)
            elif missing:
                undecided.add(action)
            else:
                denied.add(action)
    if denied:
        yield failed(WHAT, f"{source} may not call {_listed(denied)}.", REMEDY)
    if undecided - denied:
        yield unknown(
            WHAT,
            f"Whether {source} may call {_listed(undecided - denied)} depends on conditions, which are not "
            "simulated.",
        )
    if not denied:
        yield ok(WHAT, f"{source} may call the {len(allowed)} actions that a deployment needs.")


def _source(iam: Any, caller: Caller) -> str | None:
    """Return the principal whose policies decide; a session's role, with its path."""
    assumed = _ASSUMED.fullmatch(caller.arn)
    if assumed:
        return str(iam.get_role(RoleName=assumed[1])["Role"]["Arn"])
    return caller.arn if _IDENTITY.fullmatch(caller.arn) else None


def _simulated(iam: Any, source: str, need: Need) -> Iterator[tuple[str, str, list[str]]]:
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=source, ActionNames=need.actions, ResourceArns=need.resources
    )
    for page in pages:
        for result in page["EvaluationResults"]:
            yield result["EvalActionName"], result["EvalDecision"], result.get("MissingContextValues", [])


def _listed(actions: Iterable[str]) -> str:
    every = sorted(actions)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
