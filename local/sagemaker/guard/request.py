"""A request as it came: nothing decoded that its signature covers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from botocore.compat import HTTPHeaders
from starlette.types import Scope


@dataclass(frozen=True)
class Request:
    """Method, encoded path and query, and headers; a header may come more than once."""

    method: str
    raw_path: str
    path: str
    raw_query: str
    headers: HTTPHeaders

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """Take a request from its ASGI scope."""
        headers = HTTPHeaders()
        for name, value in scope["headers"]:
            headers[name.decode("latin-1")] = _text(value)
        raw_path = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"").decode("latin-1")
        return cls(scope["method"], raw_path.decode("latin-1"), scope["path"], query, headers)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query's parameters, decoded as the services decode them."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def parameters(self, name: str) -> list[str]:
        """Return every value of a parameter of the query."""
        return [value for each, value in self.query if each == name]

    def header(self, name: str) -> str | None:
        """Return a header that may come once; None if it comes twice, as readers would disagree."""
        found = self.headers.get_all(name) or []
        return str(found[0]) if len(found) == 1 else None

    def names(self) -> Iterator[str]:
        """Yield the names of the headers, in lower case."""
        for name in self.headers.keys():  # noqa: SIM118 (an e-mail message is no dict)
            yield name.lower()


def _text(value: bytes) -> str:
    """Decode a header as clients encode one: botocore signs UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
