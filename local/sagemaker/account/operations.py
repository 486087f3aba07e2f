"""An operation of the API: its name, its handler, and the resources that its caller needs rights on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.sagemaker.account.records import Document

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

Handler = Callable[["Cloud", Document], Awaitable[Document]]


@dataclass(frozen=True)
class Operation:
    """One operation; ``on`` pairs ARN types with the request members that name the resources.

    An operation on no resource, such as a List, needs the right on ``*``.
    """

    name: str
    run: Handler
    on: tuple[tuple[str, str], ...] = ()
