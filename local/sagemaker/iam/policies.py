"""Decides what policies allow, with the emulator's own evaluator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

Document = str | Mapping[str, Any]
SERVICE = "sagemaker.amazonaws.com"


@dataclass(frozen=True)
class Grants:
    """What a principal may do: its policy documents, and those of its permissions boundary, if it has one."""

    policies: list[Document] = field(default_factory=list)
    boundary: list[Document] | None = None
    trust: Mapping[str, Any] = field(default_factory=dict)


ROOT = Grants([{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}])


@dataclass(frozen=True)
class Access:
    """One thing that a principal wants to do; keys of ``context`` are condition keys."""

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """The caller's ARN and kind (Root, User or AssumedRole), and the account and region of the request."""

    arn: str
    kind: str
    account: str
    region: str


def refusal(principal: Principal, grants: Grants, access: Access) -> str | None:
    """Return why the access is refused, as the end of AWS's sentence, or None if it is allowed."""
    limits = [] if grants.boundary is None else [_parse(grants.boundary)]
    result = evaluate(_context(principal, access), _parse(grants.policies), *limits)
    if result.decision == "Allow":
        return None
    if result.decision == "Deny":
        return "with an explicit deny in an identity-based policy"
    return f"because no identity-based policy allows the {access.action} action"


def trusts_sagemaker(grants: Grants, principal: Principal) -> bool:
    """Return whether SageMaker may assume the role, its trust policy's conditions included."""
    statements = grants.trust.get("Statement", [])
    statements = [statements] if isinstance(statements, Mapping) else statements
    # A statement for this service is, for this service, an identity policy.
    ours = [
        {name: value for name, value in statement.items() if name != "Principal"} | {"Resource": "*"}
        for statement in statements
        if _names_sagemaker(statement.get("Principal"))
    ]
    access = Access("sts:AssumeRole", "*", {"aws:SourceAccount": principal.account})
    return refusal(principal, Grants([{"Statement": ours}]), access) is None


def _names_sagemaker(principal: Any) -> bool:
    if principal == "*":
        return True
    services = principal.get("Service", []) if isinstance(principal, Mapping) else []
    return SERVICE in ([services] if isinstance(services, str) else services)


def _parse(documents: list[Document]) -> list[Any]:
    return [parse_policy_document(document) for document in documents]


def _context(principal: Principal, access: Access) -> EvalContext:
    context = {name.lower(): value for name, value in access.context.items()}
    return EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.kind,
        principal_account=principal.account,
        action=access.action,
        resource_arn=access.resource,
        region=principal.region,
        secure_transport=True,
        # A request without tags has no aws:TagKeys.
        service_context={"aws:tagkeys": None} | context,
    )
