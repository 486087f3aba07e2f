"""Access keys, and the reasons why a request is refused."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why a request is refused; each protocol has its own code for it."""

    PAGE = "page"
    UNSIGNED = "unsigned"
    INCOMPLETE = "incomplete"
    UNKNOWN_KEY = "unknown key"
    BAD_TOKEN = "bad token"  # noqa: S105 (a reason)
    EXPIRED_TOKEN = "expired token"  # noqa: S105 (a reason)
    MISMATCH = "mismatch"
    SKEWED = "skewed"
    EXPIRED = "expired"
    SCOPE = "scope"
    BODY = "body"
    TOO_LARGE = "too large"
    UNSUPPORTED = "unsupported"
    DENIED = "denied"


class Refused(Exception):
    """A request that is refused; the message is for its sender."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Key:
    """An access key and its owner; ``kind`` is Root, User or AssumedRole, ``name`` the user's or role's."""

    access_key: str
    secret: str = field(repr=False)
    arn: str
    kind: str
    name: str = ""


# Finds a key by its id and the session token that came with it; raises Refused.
Find = Callable[[str, str], Awaitable[Key]]


def new_access_key() -> str:
    """Generate the id of an access key."""
    return "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()


def new_secret() -> str:
    """Generate the secret of an access key: 40 characters that need no quoting in a shell or URL."""
    return secrets.token_urlsafe(30)


def unknown_key() -> Refused:
    """Refuse a key that was not issued."""
    return Refused(Reason.UNKNOWN_KEY, "The security token included in the request is invalid.")


def root_key(access_key: str, secret: str, account: str) -> Key:
    """Return the root user's key of an account."""
    return Key(access_key, secret, f"arn:aws:iam::{account}:root", "Root")


# Where the emulator describes a key to the root user.
KEY_PATH = "/_retailrec/key"
# The header in which the emulator proves its identity: a program on its port could make anybody root.
PROOF = "x-retailrec-proof"


def proof(root_secret: str, authorization: str, answer: bytes) -> str:
    """Compute the proof of a response to one request, which needs root's secret."""
    said = authorization.encode() + b"\n" + answer
    return hmac.new(root_secret.encode(), said, hashlib.sha256).hexdigest()
