"""A web page of another origin tries to run code on this machine, in a real browser."""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests import needs
from tests.browser import browser
from tests.integration.local_sagemaker.laptop import ROOT_KEY, Laptop, client

pytestmark = [
    pytest.mark.slow,
    needs.with_chromium,
]

TRUST = {"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}}
# Posts as a form could (CORS-simple: the browser asks nobody first), and returns what the page may see.
POST = """async ([url, body]) => {
    try {
        return (await fetch(url, {method: "POST", body, headers: {"Content-Type": "text/plain"}})).status;
    } catch { return "hidden"; }
}"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A page</title>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a server of its own, which is another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with browser() as chrome:
            opened = chrome.new_page()
            opened.goto(f"http://127.0.0.1:{server.server_port}/")
            yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def signed_with_zeros(url: str, key: str, service: str, **query: str) -> str:
    """Presign with a key of which the secret is not known: the signature is zeros."""
    now = datetime.now(UTC)
    signature = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key}/{now:%Y%m%d}/us-east-1/{service}/aws4_request",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    return f"{url}?{urlencode(query | signature)}"


def function_that_writes(path: Path) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", f"def handler(*_): open({str(path)!r}, 'w').write('ran')")
    return base64.b64encode(packed.getvalue()).decode()


@pytest.mark.parametrize(
    "key",
    ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE", ROOT_KEY],
    ids=["test", "account", "guessed", "root"],
)
def test_a_page_runs_no_code(laptop: Laptop, page: Page, tmp_path: Path, key: str) -> None:
    name, proof = f"evil-{key}", tmp_path / "proof"
    role = {
        "Action": "CreateRole",
        "Version": "2010-05-08",
        "RoleName": name,
        "AssumeRolePolicyDocument": json.dumps(TRUST),
    }
    create = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": f"arn:aws:iam::000000000000:role/{name}",
        "Handler": "app.handler",
        "Code": {"ZipFile": function_that_writes(proof)},
    }
    functions = f"{laptop.aws}/2015-03-31/functions"
    requests = [
        (signed_with_zeros(f"{laptop.aws}/", key, "iam", **role), ""),
        (signed_with_zeros(functions, key, "lambda"), json.dumps(create)),
        (signed_with_zeros(f"{functions}/{name}/invocations", key, "lambda"), "{}"),
    ]

    seen = [page.evaluate(POST, [url, body]) for url, body in requests]

    assert seen == ["hidden"] * 3
    assert not proof.exists()
    assert [each for each in client("lambda", laptop.aws).list_functions()["Functions"]
            if each["FunctionName"] == name] == []  # fmt: skip
    assert [each for each in laptop.iam.list_roles()["Roles"] if each["RoleName"] == name] == []


def test_a_page_does_nothing_to_sagemaker(laptop: Laptop, page: Page) -> None:
    fault = json.dumps({"fault": "throttle", "operation": "ListModels"})
    for path, body in (("/", "{}"), ("/_faults", fault), ("/endpoints/any/invocations", "{}")):
        url = signed_with_zeros(laptop.url + path, ROOT_KEY, "sagemaker")
        assert page.evaluate(POST, [url, body]) == "hidden"
    assert json.loads(laptop.admin("GET", "/_faults")) == []
    laptop.sm.list_models()


def test_a_page_reads_nothing(laptop: Laptop, page: Page) -> None:
    read = "async url => { try { return await (await fetch(url)).text(); } catch { return 'hidden'; } }"
    for url in (f"{laptop.aws}/_ministack/health", f"{laptop.url}/_health", f"{laptop.url}/_faults"):
        assert page.evaluate(read, url) == "hidden"
