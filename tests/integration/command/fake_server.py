"""One loopback server that answers as CloudFormation does, and as the REST API does."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.sagemaker.guard.signatures import encoded_query

REGION = "us-east-1"
CREDENTIALS = Credentials("test", "test")
Answer = tuple[int, dict[str, Any]]


class FakeServer:
    """What the server knows, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stacks: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self.answer: Callable[[str, str, Mapping[str, str]], Answer] = lambda *_: (
            503,
            {"detail": "No model is live yet."},
        )
        self.asked: list[str] = []
        self.signed: list[str] = []
        self.created = datetime(2026, 1, 1, tzinfo=UTC)


def describe_stacks(outputs: Mapping[str, str], parameters: Mapping[str, str], created: datetime) -> str:
    """Write the answer of DescribeStacks, as far as anybody here reads it."""
    members = {
        "Outputs": "".join(_member("Output", pair) for pair in outputs.items()),
        "Parameters": "".join(_member("Parameter", pair) for pair in parameters.items()),
    }
    members |= {"StackStatus": "UPDATE_COMPLETE", "CreationTime": created.isoformat()}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in members.items())
    return (
        '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<DescribeStacksResult><Stacks><member>{inner}</member></Stacks></DescribeStacksResult>"
        "</DescribeStacksResponse>"
    )


def _member(kind: str, pair: tuple[str, str]) -> str:
    key, value = pair
    return f"<member><{kind}Key>{key}</{kind}Key><{kind}Value>{escape(value)}</{kind}Value></member>"


def signature_holds(path: str, headers: Mapping[str, str]) -> bool:
    """Sign a received request again, as API Gateway would, and compare."""
    signed = headers.get("Authorization", "")
    place, _, query = path.partition("?")
    request = AWSRequest(method="GET", url=f"http://{headers['Host']}{place}?{encoded_query(query)}")
    request.headers["X-Amz-Date"] = headers.get("X-Amz-Date", "")
    request.context["timestamp"] = headers.get("X-Amz-Date", "")
    auth = SigV4Auth(CREDENTIALS, "execute-api", REGION)
    canonical = auth.canonical_request(request)
    return signed.endswith(f"Signature={auth.signature(auth.string_to_sign(request, canonical), request)}")


def _asked(path: str, query: Mapping[str, str]) -> tuple[str, str, str]:
    """Return kind, id and member that a request is for; the id is in the path or in the query."""
    *_, before, kind, what = path.split("/")
    if kind in {"customer", "item"}:
        return kind, query["id"], what
    return before, unquote(kind), what


class _Handler(BaseHTTPRequestHandler):
    fake: ClassVar[FakeServer]

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.fake.signed.append(self.headers["Authorization"].split("Credential=")[1].split(",")[0])
        name = form["StackName"][0]
        if name in self.fake.stacks:
            self._send(200, "text/xml", describe_stacks(*self.fake.stacks[name], self.fake.created))
            return
        said = f"Stack with id {name} does not exist"
        error = f"<Error><Code>ValidationError</Code><Message>{said}</Message></Error>"
        self._send(400, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>")

    def do_GET(self) -> None:
        self.fake.asked.append(self.path)
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        kind, name, what = _asked(url.path, query)
        if not signature_holds(self.path, dict(self.headers.items())):
            status, body = 403, {"message": "The request signature we calculated does not match"}
        elif kind not in {"customers", "items", "customer", "item"}:
            status, body = 403, {"message": "Missing Authentication Token"}
        else:
            status, body = self.fake.answer(what, name, query)
        self._send(status, "application/json", json.dumps(body))

    def _send(self, status: int, kind: str, text: str) -> None:
        self.send_response(HTTPStatus(status))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def serve() -> Iterator[FakeServer]:
    """Serve on a free loopback port while the context lasts."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.fake = FakeServer(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield handler.fake  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()
