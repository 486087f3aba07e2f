"""The stack behind the page: opened when it is first needed, and again after the local cloud has changed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retailrec.client import laptop
from retailrec.client.api import Api
from retailrec.client.problems import Problem
from retailrec.client.stack import NO_CLOUD, Stack
from retailrec_shared.ledger.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from local.cloud import Running


class NoStack(Problem):
    """There is no stack."""


@dataclass(frozen=True)
class StackSession:
    """An open stack with one client of each service: making them is slow, and not safe in threads."""

    stack: Stack
    ledger: Ledger
    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    logs: Any
    api: Api

    @classmethod
    def of(cls, stack: Stack) -> "StackSession":
        """Make the clients of a stack."""
        return cls(stack, stack.ledger(), stack.s3(), stack.dynamodb(), stack.logs(), stack.api())


OpenSession = Callable[[], StackSession]


class SessionOpener:
    """Opens a stack once, and again only when the local cloud is a different one."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._open: tuple[Running | None, StackSession] | None = None

    def __call__(self) -> StackSession:
        """Return the open stack; raises NoStack while there is none."""
        with self._lock:
            cloud = None if self._name else laptop.running()
            if cloud is None and not self._name:
                self._open = None
                raise NoStack(NO_CLOUD)
            if self._open is None or self._open[0] != cloud:
                self._open = cloud, StackSession.of(Stack.local(cloud) if cloud else Stack.open(self._name))
            return self._open[1]
