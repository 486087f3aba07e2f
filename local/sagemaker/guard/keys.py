"""Access keys, and the reasons for which one is not taken."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why a request is refused; each protocol has its own words for it."""

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
    """A request that is not let in; the message is for its sender."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Key:
    """An access key and whose it is; ``kind`` is Root, User or AssumedRole, ``name`` the user's or role's."""

    access_key: str
    secret: str = field(repr=False)
    arn: str
    kind: str
    name: str = ""


# Finds a key by its id and the session token that came with it; raises Refused.
Find = Callable[[str, str], Awaitable[Key]]


def new_access_key() -> str:
    """Draw the id of an access key."""
    return "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()


def new_secret() -> str:
    """Draw the secret of an access key: 40 characters, none of which a shell or an address would change."""
    return secrets.token_urlsafe(30)


def unknown_key() -> Refused:
    """Refuse a key that nobody gave out."""
    return Refused(Reason.UNKNOWN_KEY, "The security token included in the request is invalid.")


def root_key(access_key: str, secret: str, account: str) -> Key:
    """Name the root user of an account."""
    return Key(access_key, secret, f"arn:aws:iam::{account}:root", "Root")


# Where the emulator tells the root user whose a key is.
KEY_PATH = "/_retailrec/key"
# In this header it proves to be the emulator: who took its port could make anybody root.
PROOF = "x-retailrec-proof"


def proof(root_secret: str, authorization: str, answer: bytes) -> str:
    """Compute what only who knows root's secret can say of an answer, to one request alone."""
    said = authorization.encode() + b"\n" + answer
    return hmac.new(root_secret.encode(), said, hashlib.sha256).hexdigest()
