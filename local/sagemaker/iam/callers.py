"""Finds the caller of a request by the key that signed it; the guard verifies the signature.

The emulator issues keys, and describes each to the root user.
"""

import hmac
import json
import time
from dataclasses import dataclass

from local.sagemaker.guard.keys import KEY_PATH, PROOF, Key, Reason, Refused, proof, root_key
from local.sagemaker.guard.signing import signed_headers
from local.sagemaker.programs.http_client import ConnectionBroken, HttpClient
from local.sagemaker.settings import Settings

# How long the emulator's description of a key is cached.
CACHE_SECONDS = 3.0
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Caller:
    """A caller's ARN, its kind (Root, User or AssumedRole), and the name of its user or role."""

    arn: str
    kind: str
    name: str = ""

    @classmethod
    def of(cls, key: Key) -> "Caller":
        """Return the owner of a key."""
        return cls(key.arn, key.kind, key.name)


class Keys:
    """The keys of the account: root's own, and those that the emulator knows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = root_key(settings.root_key, settings.root_secret, settings.account)
        self._known: dict[tuple[str, str], tuple[float, Key]] = {}

    async def find(self, access_key: str, token: str) -> Key:
        """Find a key; raises Refused."""
        if access_key == self._root.access_key and not token:
            return self._root
        asked_at, known = self._known.get((access_key, token), (0.0, None))
        if known is None or time.monotonic() - asked_at > CACHE_SECONDS:
            known = await self._ask(access_key, token)
            self._known[access_key, token] = time.monotonic(), known
        return known

    async def _ask(self, access_key: str, token: str) -> Key:
        settings, url = self._settings, f"{self._settings.aws_endpoint}{KEY_PATH}"
        body = json.dumps({"access_key": access_key, "token": token}).encode()
        headers = signed_headers(
            "POST", url, body, "sts", settings.region, settings.root_key, settings.root_secret
        )
        try:
            async with HttpClient() as client:
                reply = await client.request("POST", url, headers, body, TIMEOUT_SECONDS)
        except (ConnectionBroken, TimeoutError) as error:
            raise Refused(
                Reason.UNKNOWN_KEY, "The emulator, which issues the keys, does not answer."
            ) from error
        found = json.loads(reply.body)
        if "secret" not in found:
            reason = found.get("reason", Reason.UNKNOWN_KEY)
            raise Refused(Reason(reason), found.get("message", "The emulator refuses the root key."))
        expected = proof(settings.root_secret, headers["Authorization"], reply.body)
        if not hmac.compare_digest(expected.encode(), reply.headers.get(PROOF, "").encode()):
            raise Refused(Reason.UNKNOWN_KEY, "Another program answers on the emulator's port.")
        return Key(access_key, found["secret"], found["arn"], found["kind"], found["name"])
