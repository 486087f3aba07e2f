"""Derives the credentials of Lambda functions' workers from root's secret, so that they cannot be guessed.

ministack's own are hashes of the function's and the role's names alone, and CloudFormation's names are hashes
of the stack's: anyone who knows this project could compute them.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_SESSION_NAME = 64


@dataclass(frozen=True)
class WorkerKey:
    """The credentials of one function's workers."""

    access_key: str
    secret: str = field(repr=False)
    session_token: str = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the variables in which a worker finds them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_SESSION_TOKEN": self.session_token,
        }


def worker_key(function: Mapping[str, Any], root_secret: str) -> WorkerKey:
    """Derive the credentials of a function's workers from its configuration; the emulator gives them out."""

    def derived(what: str) -> str:
        text = f"{what}:{function['FunctionArn']}:{function['Role']}"
        return hmac.new(root_secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    return WorkerKey(f"ASIA{derived('key')[:16].upper()}", derived("secret"), derived("token"))


def session(function: Mapping[str, Any], key: WorkerKey) -> dict[str, str]:
    """Return the session of a function's role, as STS records one."""
    role_arn, name = function["Role"], function["FunctionName"][:MAX_SESSION_NAME]
    account, role = function["FunctionArn"].split(":")[4], role_arn.rsplit("/", 1)[-1]
    return {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "UserId": f"{role}:{name}",
        "SecretAccessKey": key.secret,
        "SessionToken": key.session_token,
    }
