"""Authorises callers, and checks execution roles against their policies."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError
from starlette.requests import Request

from local.sagemaker.aws import Aws
from local.sagemaker.errors import access_denied, denial, unknown_caller
from local.sagemaker.guard import KEY
from local.sagemaker.iam import grants
from local.sagemaker.iam.callers import Caller
from local.sagemaker.iam.policies import ROOT, Access, Grants, Principal, refusal, trusts_sagemaker
from local.sagemaker.settings import Settings

# How long grants are cached. A denial is never based on the cache alone: IAM is asked again first.
CACHE_SECONDS = 3.0


class AccessRefused(Exception):
    """An execution role may not do what its job needs; the message is AWS's sentence."""


@dataclass(frozen=True)
class ExecutionRole:
    """A role that SageMaker works with, as its policies were when the work began."""

    principal: Principal
    grants: Grants

    def check(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
        """Raise AccessRefused unless the role allows the action."""
        because = refusal(self.principal, self.grants, Access(action, resource, context or {}))
        if because:
            raise AccessRefused(denial(self.principal.arn, action, resource, because))


class Iam:
    """IAM as the emulator knows it, by its API; with ``auth=False`` everybody may do everything."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._iam = aws.iam
        self._settings = settings
        self._root = Caller(f"arn:aws:iam::{settings.account}:root", "Root")
        self._grants: dict[Caller, tuple[float, Grants]] = {}

    def caller(self, request: Request) -> Caller:
        """Return who signed a request, by the key that the guard found."""
        return Caller.of(request.scope[KEY]) if self._settings.auth else self._root

    async def authorise(self, caller: Caller, access: Access) -> None:
        """Raise AccessDeniedException unless the caller's policies allow the access."""
        if caller.kind == "Root":
            return
        principal = self._principal(caller)
        known, fresh = await self._grants_of(caller)
        because = refusal(principal, known, access)
        if because and not fresh:
            self._grants.pop(caller, None)
            known, _ = await self._grants_of(caller)
            because = refusal(principal, known, access)
        if because:
            raise access_denied(caller.arn, access.action, access.resource, because)

    async def execution_role(self, arn: str | None) -> ExecutionRole:
        """Assume a role as SageMaker does; raises AccessRefused. Without a role, everything is allowed."""
        if arn is None or not self._settings.auth:
            return ExecutionRole(self._principal(self._root), ROOT)
        name = arn.rsplit("/", 1)[-1]
        session = Caller(
            f"arn:aws:sts::{arn.split(':')[4]}:assumed-role/{name}/SageMaker", "AssumedRole", name
        )
        principal = self._principal(session)
        try:
            known = await asyncio.to_thread(grants.of_role, self._iam, name)
        except ClientError as error:
            raise AccessRefused(_cannot_assume(arn)) from error
        if not trusts_sagemaker(known, principal):
            raise AccessRefused(_cannot_assume(arn))
        return ExecutionRole(principal, known)

    async def _grants_of(self, caller: Caller) -> tuple[Grants, bool]:
        """Return what the caller may do, and whether IAM was asked just now."""
        asked, known = self._grants.get(caller, (0.0, ROOT))
        if asked and time.monotonic() - asked < CACHE_SECONDS:
            return known, False
        read = grants.of_user if caller.kind == "User" else grants.of_role
        try:
            known = await asyncio.to_thread(read, self._iam, caller.name)
        except ClientError as error:
            raise unknown_caller() from error
        self._grants[caller] = time.monotonic(), known
        return known, True

    def _principal(self, caller: Caller) -> Principal:
        return Principal(caller.arn, caller.kind, self._settings.account, self._settings.region)


def _cannot_assume(arn: str) -> str:
    return (
        f"AccessDenied: Could not assume role {arn}. Please ensure that the role exists and allows principal "
        "'sagemaker.amazonaws.com' to assume the role."
    )
