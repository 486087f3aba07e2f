"""A signature covers what AWS encodes: botocore signs, and what old clients signed otherwise is refused."""

import hashlib
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.local_sagemaker.guard.signed_requests import (
    HOST,
    REGION,
    ROOT,
    URL,
    Service,
    presigned,
    signed,
)

API = "/_aws/execute-api/abc/v1"
IDS = [
    "a@b",
    "a+b",
    "a b",
    "a/b",
    "%41",
    "50%",
    "a~b",
    "a*b",
    "ü中",
    ".",
    "..",
    "a=b&c",
    "a?b#c",
    "(a)!'",
    "",
]
MISMATCH = "The request signature we calculated does not match the signature you provided."


class _AsCurlOnceDid(SigV4Auth):
    """Signs the path and the query as they are sent: curl 7.88."""

    def _normalize_url_path(self, path: str) -> str:
        return path

    def canonical_query_string(self, request: AWSRequest) -> str:
        return str(urlsplit(request.url).query)


class _AsCurlEncodesOnce(SigV4Auth):
    """Encodes only what a path does not encode yet: curl 8.11 and 8.12."""

    def _normalize_url_path(self, path: str) -> str:
        return quote(path, safe="/~%")


def _signed_by(signer: type[SigV4Auth], target: str) -> AWSPreparedRequest:
    request = AWSRequest("GET", URL + target, headers={"host": HOST})
    signer(ROOT, "execute-api", REGION).add_auth(request)
    return request.prepare()


@pytest.mark.parametrize(
    "target", ["/items/{}/similar?top_n=3", "/item?id={}&top_n=3", "/x?z=1&{}=2&a=", "/x?b={0}&b=1&b={0}"]
)
def test_what_botocore_signs_is_let_in(target: str) -> None:
    for text in IDS:
        sent = signed("GET", API + target.format(quote(text, safe="")))
        assert Service().repeat(sent).status_code == 200, text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.text("ab%+&=/ü~", max_size=9))
@settings(max_examples=25)
def test_every_text_is_let_in_where_botocore_signed_it(text: str, name: str) -> None:
    target = f"{API}/items/{quote(text, safe='')}?{quote(name, safe='')}={quote(text, safe='')}&a=1"
    assert Service().repeat(signed("GET", target)).status_code == 200
    assert Service().repeat(presigned(target, "execute-api")).status_code == 200


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/x?b=2&a=1", "/x", "a=1&b=2"),
        ("/x?a=2&a=1", "/x", "a=1&a=2"),
        ("/x?a=1&a-b=2&A=3", "/x", "A=3&a=1&a-b=2"),
        ("/x?a", "/x", "a="),
        ("/x?a=@*!&b=c=d", "/x", "a=%40%2A%21&b=c%3Dd"),
        ("/x?a=b+c", "/x", "a=b%20c"),
        ("/x?a=%c3%bc", "/x", "a=%C3%BC"),
        ("/x?a=%ff", "/x", "a=%FF"),
        ("/x/a@b:c*", "/x/a%40b%3Ac%2A", ""),
        ("/x/a%40b%20c", "/x/a%2540b%2520c", ""),
        ("/x/%2541~-_.", "/x/%252541~-_.", ""),
    ],
)
def test_a_refusal_says_what_aws_would_have_signed(target: str, path: str, query: str) -> None:
    answer = Service().repeat(_signed_by(_Wrong, API + target))
    assert answer.status_code == 403
    said = answer.json()["message"]
    assert said.startswith(MISMATCH)
    assert (
        f"The Canonical String for this request should have been\n'GET\n{API}{path}\n{query}\nhost:{HOST}\n"
        in said
    )
    assert "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n" in said
    nothing = hashlib.sha256(b"").hexdigest()
    assert f"\nhost;x-amz-date\n{nothing}'" in said


class _Wrong(SigV4Auth):
    def canonical_request(self, request: AWSRequest) -> str:
        return "something else"


@pytest.mark.parametrize(
    ("signer", "target"),
    [
        (_AsCurlOnceDid, "/items/a@b"),
        (_AsCurlOnceDid, "/items/a%20b"),
        (_AsCurlOnceDid, "/item?z=1&id=2"),
        (_AsCurlOnceDid, "/item?id=a@b"),
        (_AsCurlOnceDid, "/item?id=%c3%bc"),
        (_AsCurlOnceDid, "/item?id=a+b"),
        (_AsCurlOnceDid, "/item?id"),
        (_AsCurlEncodesOnce, "/items/a%20b"),
        (SigV4Auth, "/item?id=a@b"),
        (SigV4Auth, "/item?id=a+b"),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_refused(signer: type[SigV4Auth], target: str) -> None:
    service = Service()
    answer = service.repeat(_signed_by(signer, API + target))
    assert (answer.status_code, service.seen) == (403, [])
    assert answer.json()["message"].startswith(MISMATCH)


@pytest.mark.parametrize(
    "target", ["/items/85123A/similar?top_n=3", "/items/a~b-c_d.e", "/item?exclude=a%2Fb&id=%C3%BC%2B"]
)
def test_what_curl_always_signed_as_aws_does_is_let_in(target: str) -> None:
    assert Service().repeat(_signed_by(_AsCurlOnceDid, API + target)).status_code == 200


def test_a_presigned_address_of_the_api_is_for_one_id_and_one_method() -> None:
    service = Service()
    request = presigned(f"{API}/item?id=%2541", "execute-api")
    assert service.repeat(request).status_code == 200
    url = request.url
    for other in (
        url.replace("%2541", "%2542"),
        url.replace("%2541", "A"),
        f"{url}&id=A",
        url.replace("/item", "/x"),
    ):
        assert service.ask("GET", other).json()["message"].startswith(MISMATCH)
    assert service.ask("POST", url).status_code == 403
    assert service.ask("GET", url, content=b"{}").status_code == 403, "a body has a signature too"
    service.ahead = 70
    assert service.repeat(request).json() == {"message": "Request has expired"}
    assert len(service.seen) == 1
