"""The guard lets in what a program signed, and nothing else; botocore signs."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from local.sagemaker.guard import Hosts
from local.sagemaker.guard.keys import Reason, Refused
from tests.unit.local_sagemaker.guard.signed_requests import (
    HOST,
    PORT,
    ROOT,
    URL,
    WORKER,
    Service,
    client,
    prepared,
    presigned,
    signed,
)

pytestmark = pytest.mark.slow

API = "/_aws/execute-api/abc/v1/customers/13085/recommendations"
STOLEN = Credentials(ROOT.access_key, "not-the-secret")
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "put_object", {"Bucket": "raw", "Key": "ä + b/c.csv", "Body": b"a,b\n"}),
    ("s3", "get_object", {"Bucket": "raw", "Key": "..x//y", "VersionId": "a+b/c="}),
    ("s3", "list_objects_v2", {"Bucket": "raw", "Prefix": "runs/ü &=?", "MaxKeys": 2}),
    ("s3", "put_object_tagging", {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": []}}),
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"pk": {"S": "ü"}}}),
    ("events", "put_events", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]}),
    ("sts", "get_caller_identity", {}),
    ("iam", "list_roles", {}),
    (
        "lambda",
        "invoke",
        {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f", "Payload": b"{}"},
    ),
    ("sagemaker", "list_models", {}),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"x", "Accept": "a/b"}),
]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.mark.parametrize("credentials", [ROOT, WORKER], ids=["root", "session"])
@pytest.mark.parametrize(("name", "call", "members"), CALLS, ids=[f"{n}-{c}" for n, c, _ in CALLS])
def test_what_boto3_sends_is_let_in(
    service: Service, name: str, call: str, members: dict[str, Any], credentials: Credentials
) -> None:
    answer = service.repeat(prepared(name, call, credentials, **members))
    assert (answer.status_code, answer.text) == (200, "done")
    assert service.callers[0].endswith(":root" if credentials is ROOT else "assumed-role/role/session")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("name", "call", "members"), CALLS, ids=[f"{n}-{c}" for n, c, _ in CALLS])
def test_a_wrong_secret_opens_nothing(
    service: Service, name: str, call: str, members: dict[str, Any]
) -> None:
    answer = service.repeat(prepared(name, call, STOLEN, **members))
    assert answer.status_code == 403
    assert "SignatureDoesNotMatch" in answer.text or "InvalidSignatureException" in answer.text
    assert service.seen == []


@pytest.mark.parametrize(
    "path",
    [
        API,
        f"{API}?top_n=10",
        f"{API}?top_n=10&exclude=b&exclude=a",
        f"{API}?exclude=a%20b%2Fc&in_stock=",
        "/_aws/execute-api/abc/v1/customers/a%2Fb%20%2B%20%C3%BC/purchases",
    ],
)
def test_what_curl_signs_is_let_in(service: Service, path: str) -> None:
    assert service.repeat(signed("GET", path)).status_code == 200
    post = signed("POST", path, b'{"items": ["85123A"]}', headers={"content-type": "application/json"})
    assert service.repeat(post).status_code == 200
    assert service.seen[-1][2] == b'{"items": ["85123A"]}'


CHANGES: dict[str, dict[str, Any]] = {
    "method": {"method": "PUT"},
    "path": {"url": f"{URL}/_aws/execute-api/abc/v1/customers/13086/recommendations?top_n=10"},
    "query": {"url": f"{URL}{API}?top_n=11"},
    "more query": {"url": f"{URL}{API}?top_n=10&exclude=a"},
    "no query": {"url": f"{URL}{API}"},
    "body": {"content": b"{}"},
    "no body": {"content": b""},
    "a signed header": {"headers": {"content-type": "text/plain"}},
    "a signed header is gone": {"headers": {"content-type": ""}},
    "a header of AWS's is added": {"headers": {"x-amz-target": "DynamoDB_20120810.DeleteTable"}},
    "the date": {"headers": {"X-Amz-Date": "20260101T000000Z"}},
    "another of our names": {"headers": {"host": f"localhost:{PORT}"}},
    "a torn signature": {"headers": {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_signature_holds_for_one_request_alone(service: Service, change: dict[str, Any]) -> None:
    request = signed("POST", f"{API}?top_n=10", b'{"a": 1}', headers={"content-type": "application/json"})
    assert service.repeat(request).status_code == 200
    refused = service.repeat(request, **change)
    assert refused.status_code in (400, 403)
    assert len(service.seen) == 1


@pytest.mark.parametrize(("ahead", "status"), [(0, 200), (880, 200), (920, 403), (-880, 200), (-920, 403)])
def test_a_signature_lives_for_fifteen_minutes(service: Service, ahead: float, status: int) -> None:
    service.ahead = ahead
    answer = service.repeat(signed("GET", API))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["message"].startswith("Signature ")


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_a_guessed_key_is_unknown(service: Service, key: str) -> None:
    for secret in (key, "test", ROOT.secret_key):
        answer = service.repeat(signed("GET", API, credentials=Credentials(key, secret)))
        assert answer.status_code == 403
        assert answer.json()["message"] == "The security token included in the request is invalid."
    assert service.seen == []


def test_a_session_without_its_token_or_with_another_is_unknown(service: Service) -> None:
    for token in (None, "guessed"):
        stolen = Credentials(WORKER.access_key, WORKER.secret_key, token)
        assert service.repeat(signed("GET", API, credentials=stolen)).status_code == 403
    rooted = Credentials(ROOT.access_key, ROOT.secret_key, "a-token")
    assert service.repeat(signed("GET", API, credentials=rooted)).status_code == 403


def test_another_region_is_refused(service: Service) -> None:
    answer = service.repeat(signed("GET", API, region="eu-central-1"))
    assert (answer.status_code, service.seen) == (403, [])
    assert "valid region" in answer.json()["message"]


def test_a_signature_for_another_service_is_refused_where_the_service_says_so() -> None:
    def check(_: object, claim: Any) -> None:
        if claim.service != "sagemaker":
            raise Refused(Reason.SCOPE, "Credential should be scoped to correct service: 'sagemaker'. ")

    service = Service(check_scope=check)
    assert service.repeat(signed("POST", "/", service="sagemaker")).status_code == 200
    refused = service.repeat(signed("POST", "/", service="sts"))
    assert (refused.status_code, refused.json()["__type"]) == (403, "InvalidSignatureException")


def test_an_unsigned_request_reads_health_alone(service: Service) -> None:
    assert service.ask("GET", f"{URL}/health").status_code == 200
    for method, path in (("POST", "/health"), ("GET", "/health/"), ("GET", "/"), ("GET", API)):
        answer = service.ask(method, URL + path)
        assert (answer.status_code, answer.json()["message"]) == (403, "Missing Authentication Token")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": URL},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-origin"},
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:4567"},
        {"host": f"127.0.0.1.evil.example:{PORT}"},
        {"host": f"localhost.evil.example:{PORT}"},
        {"host": f"localhost#.evil.example:{PORT}"},
        {"host": f"evil.example/localhost:{PORT}"},
        {"host": f"172.17.0.1:{PORT}"},
    ],
)
def test_a_page_is_kept_out_even_with_a_good_signature(service: Service, headers: dict[str, str]) -> None:
    request = signed("GET", API, headers={"host": headers["host"]} if "host" in headers else None)
    for answer in (
        service.repeat(request, headers=headers),
        service.ask("GET", f"{URL}/health", headers),
    ):
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert service.seen == []


@pytest.mark.parametrize("origin", ["http://evil.example", URL])
def test_a_preflight_is_refused(service: Service, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    answer = service.ask("OPTIONS", URL, asked)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "[::1]", "abc.execute-api.localhost", "LOCALHOST"]
)
def test_the_names_of_this_machine_are_answered(service: Service, name: str) -> None:
    assert service.ask("GET", f"{URL}/health", {"host": f"{name}:{PORT}"}).status_code == 200


def test_containers_ask_by_a_name_that_is_listed_once_they_are_let_in(tmp_path: Path) -> None:
    listed = tmp_path / "hosts"
    service = Service(hosts=Hosts(PORT, listed))
    bridge = signed("GET", API, headers={"host": f"172.17.0.1:{PORT}"})
    assert service.repeat(bridge).status_code == 403
    listed.write_text("172.17.0.1\n")
    assert service.repeat(bridge).status_code == 200
    assert service.repeat(bridge, headers={"host": f"172.17.0.2:{PORT}"}).status_code == 403


def test_a_presigned_address_lives_as_long_as_it_says(service: Service) -> None:
    request = presigned("/?Action=GetCallerIdentity&Version=2011-06-15", expires=60)
    assert service.repeat(request).status_code == 200
    service.ahead = 70
    expired = service.repeat(request)
    assert expired.status_code == 403
    assert "Request has expired" in expired.text
    service.ahead = -1000
    assert service.repeat(request).status_code == 403


@pytest.mark.parametrize("credentials", [ROOT, WORKER], ids=["root", "session"])
def test_a_presigned_object_of_s3_is_read_and_no_other(service: Service, credentials: Credentials) -> None:
    made = client("s3", credentials)
    url = made.generate_presigned_url("get_object", {"Bucket": "b", "Key": "a +ü"}, ExpiresIn=60)
    assert service.ask("GET", url).status_code == 200
    for other in (url.replace("/b/", "/c/"), url.replace("Expires=60", "Expires=600"), url + "&versionId=1"):
        assert service.ask("GET", other).status_code == 403
    assert service.ask("DELETE", url).status_code == 403
    put = made.generate_presigned_url("put_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=60)
    assert service.ask("PUT", put, content=b"anything").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Signature=" + "0" * 64,
        f"X-Amz-Credential={ROOT.access_key}/20260101/us-east-1/iam/aws4_request&X-Amz-Signature={'0' * 64}",
        f"AWSAccessKeyId={ROOT.access_key}&Signature=x&Expires=99999999999",
        f"x-amz-credential={ROOT.access_key}/x",
    ],
    ids=["signature alone", "no algorithm", "version 2", "lower case"],
)
def test_a_torn_or_old_signature_in_the_query_opens_nothing(service: Service, query: str) -> None:
    assert service.ask("POST", f"{URL}/?{query}").status_code in (400, 403)
    # In addition to a valid one, it does not change the caller either.
    assert service.repeat(signed("POST", f"/?{query}", service="iam", credentials=WORKER)).status_code != 200
    assert service.seen == []


@pytest.mark.parametrize("name", ["X-Amz-Credential", "x-amz-credential", "X-AMZ-SIGNATURE", "X-Amz-Expires"])
def test_a_presigned_address_names_each_of_its_parts_once(service: Service, name: str) -> None:
    request = presigned(f"/?{name}={ROOT.access_key}", credentials=WORKER)
    assert service.repeat(request).status_code == 400


@pytest.mark.parametrize("name", ["authorization", "x-amz-date", "x-amz-content-sha256", "host"])
def test_a_header_that_matters_comes_once(service: Service, name: str) -> None:
    request = prepared("s3", "get_object", Bucket="b", Key="k")
    headers = [*_texts(request), ("host", HOST)]
    twice = [*headers, *[(each, value) for each, value in headers if each.lower() == name]]
    assert service.ask("GET", request.url, headers).status_code == 200  # type: ignore[arg-type]
    assert service.ask("GET", request.url, twice).status_code in (400, 403)  # type: ignore[arg-type]


def _texts(request: Any) -> list[tuple[str, str]]:
    headers: list[tuple[str, Any]] = list(request.headers.items())
    return [(name, value.decode() if isinstance(value, bytes) else value) for name, value in headers]


def test_an_uploads_body_is_held_to_the_hash_that_was_signed(service: Service) -> None:
    request = prepared("s3", "put_object", Bucket="b", Key="k", Body=b"a" * 300_000)
    assert service.repeat(request).status_code == 200
    refused = service.repeat(request, content=b"b" * 300_000)
    assert refused.status_code == 400
    assert "<Code>XAmzContentSHA256Mismatch</Code>" in refused.text
    assert len(service.seen) == 1


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_s3_alone_takes_a_body_that_the_signature_leaves_open(service: Service, payload: str) -> None:
    for name, status in (("s3", 200), ("dynamodb", 403)):
        answer = service.repeat(_with_payload(name, payload), content=b"any")
        assert answer.status_code == status
    chunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    assert service.repeat(_with_payload("s3", chunks)).status_code == 501


def _with_payload(name: str, payload: str) -> Any:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    class Auth(SigV4Auth):
        def _normalize_url_path(self, path: str) -> str:
            return path

    headers = {"host": HOST, "X-Amz-Content-SHA256": payload}
    request = AWSRequest("PUT", f"{URL}/b/k", headers=headers, data=b"x")
    Auth(ROOT, name, "us-east-1").add_auth(request)
    return request.prepare()


def test_a_body_hash_that_was_signed_for_another_service_is_checked_too(service: Service) -> None:
    body = b'{"a": 1}'
    request = signed(
        "POST", "/", body, "sagemaker", headers={"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    )
    assert service.repeat(request).status_code == 200
    assert service.repeat(request, content=b"{}").status_code == 403
    assert len(service.seen) == 1


def test_refusals_speak_the_protocol_of_who_was_asked(service: Service) -> None:
    nobody = Credentials("AKIAIOSFODNN7EXAMPLE", "x")
    s3 = service.repeat(prepared("s3", "list_buckets", nobody))
    assert "<Error><Code>InvalidAccessKeyId</Code>" in s3.text
    iam = service.repeat(prepared("iam", "list_roles", nobody))
    assert "<Type>Sender</Type><Code>InvalidClientTokenId</Code>" in iam.text
    dynamodb = service.repeat(prepared("dynamodb", "list_tables", nobody))
    assert json.loads(dynamodb.text)["__type"] == "UnrecognizedClientException"
    api = service.repeat(signed("GET", API, credentials=nobody))
    assert list(api.json()) == ["message"]
    assert api.headers["x-amzn-errortype"] == "UnrecognizedClientException"


def test_a_web_socket_is_closed_at_once() -> None:
    import asyncio

    from local.sagemaker.guard import Guard
    from tests.unit.local_sagemaker.guard.signed_requests import find

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    guard = Guard(nothing, Hosts(PORT), "us-east-1", find)
    asyncio.run(guard({"type": "websocket"}, nothing, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
