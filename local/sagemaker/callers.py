"""Who made a request, told by the access key that signed it.

Signatures are not verified again: the emulator gives out the keys, and the
only ones it derives, those of Lambda workers, come with a session token that
is checked here. Sessions of AssumeRole cannot be looked up from outside the
emulator, so their keys are unknown.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.sagemaker.aws import Aws
from local.sagemaker.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

CREDENTIAL = re.compile(r"Credential=([^/\s,]+)/")
ACCOUNT_KEY = re.compile(r"\d{12}")
MAX_SESSION_NAME = 64


@dataclass(frozen=True)
class Caller:
    """A caller's ARN, its kind (Root, User or AssumedRole), and the name of its user or role."""

    arn: str
    kind: str
    name: str = ""


@dataclass(frozen=True)
class WorkerKey:
    """The credentials of one function's workers."""

    access_key: str
    session_token: str
    caller: Caller


def access_key(headers: Mapping[str, str]) -> str:
    """Read the access key of a signed request; refuses an unsigned one."""
    authorization = headers.get("authorization")
    if not authorization:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    found = CREDENTIAL.search(authorization)
    if not found:
        raise ServiceError(
            "IncompleteSignatureException", "Authorization header requires 'Credential' parameter."
        )
    return found[1]


def unknown() -> ServiceError:
    """Refuse a key that nobody gave out."""
    return ServiceError(
        "UnrecognizedClientException", "The security token included in the request is invalid.", 403
    )


def is_root(key: str, root_key: str) -> bool:
    """Tell whether the emulator takes this key for root's: its own, ``test``, or an account id."""
    return key in ("test", root_key) or ACCOUNT_KEY.fullmatch(key) is not None


def worker_key(function: "FunctionConfigurationTypeDef") -> WorkerKey:
    """Derive the credentials that the emulator gives to a function's workers (its lambda_runtime module)."""
    role = function["Role"]
    digest = hashlib.sha256(f"{function['FunctionArn']}:{role}".encode()).hexdigest()
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    session = function["FunctionName"][:MAX_SESSION_NAME]
    return WorkerKey(
        access_key=f"ASIA{digest[:16].upper()}",
        session_token=hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        caller=Caller(f"arn:aws:sts::{account}:assumed-role/{name}/{session}", "AssumedRole", name),
    )


class Workers:
    """The keys of all functions' workers; learns of new functions when it meets a key it does not know."""

    def __init__(self, aws: Aws) -> None:
        self._functions = aws.functions
        self._keys: dict[str, WorkerKey] = {}

    def find(self, key: str, token: str) -> Caller | None:
        """Return the function's role session, or None for a key of no function; blocks while it looks."""
        if key not in self._keys:
            keys = [worker_key(function) for function in self._configurations()]
            self._keys = {worker.access_key: worker for worker in keys}
        worker = self._keys.get(key)
        if worker is None:
            return None
        if not hmac.compare_digest(worker.session_token, token):
            raise unknown()
        return worker.caller

    def _configurations(self) -> Iterator["FunctionConfigurationTypeDef"]:
        """Yield every function as each of its names: a worker's key depends on the ARN it was invoked by."""
        for page in self._functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                name, arn = function["FunctionName"], function["FunctionArn"]
                yield function
                yield from self._functions.list_versions_by_function(FunctionName=name)["Versions"]
                for alias in self._functions.list_aliases(FunctionName=name)["Aliases"]:
                    yield {**function, "FunctionArn": f"{arn}:{alias['Name']}"}
