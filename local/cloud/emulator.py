"""Runs the emulator behind the guard: ``python -m local.cloud.emulator``.

It starts ministack's own program with the guard in place of its application, so that every port is
guarded. Tests pin what this relies on, and the locks pin ministack's version.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.utils import normalize_url_path
from ministack import app as ministack
from ministack.core import iam_evaluator, lambda_runtime, responses, router
from ministack.services import apigateway_v1, lambda_svc, s3, sts
from ministack.services.cloudformation import provisioners
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.cloud.workers import session, worker_key
from local.sagemaker.guard import KEY, Guard, Hosts, Key, Refused, read_only
from local.sagemaker.guard.claims import Claim
from local.sagemaker.guard.hosts import LISTED
from local.sagemaker.guard.keys import KEY_PATH, PROOF, Reason, proof, root_key, unknown_key
from local.sagemaker.guard.request import Request

HEALTH = frozenset({"/_ministack/health", "/_ministack/ready"})
# Where a custom resource's function puts its response. As on AWS, the address is a secret (a uuid4) that
# CloudFormation passes to that function alone, so requests to it need no signature.
_RESPONSE_ADDRESS = re.compile(r"/_ministack/cfn-response/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
API = "execute-api"
ANY_METHOD = "x-amazon-apigateway-any-method"
_API_PATH = re.compile(r"/_aws/execute-api/|/restapis/[^/]+/[^/]+/_user_request_(/|$)")
_API_HOST = re.compile(r"[^.]+\.execute-api\.", re.IGNORECASE)
# For a session token that is wrong or expired, by ministack's error code.
_REASONS = {"ExpiredTokenException": Reason.EXPIRED_TOKEN, "InvalidToken": Reason.BAD_TOKEN}


def guarded(app: ASGIApp, environment: Mapping[str, str]) -> Guard:
    """Put the guard before the emulator."""
    keys = Keys(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
    folder = environment.get("RETAILREC_CLOUD")
    return Guard(
        _as_sent(_for_root(app, keys)),
        Hosts(int(environment["GATEWAY_PORT"]), Path(folder, LISTED) if folder else None),
        environment.get("MINISTACK_REGION", "us-east-1"),
        keys.find,
        is_open,
        check_scope,
        lambda request: API if is_api(request) else "",
    )


class Keys:
    """The issued keys: root's, those of IAM users, and those of STS sessions."""

    def __init__(self, root: str, root_secret: str) -> None:
        self._root = root_key(root, root_secret, responses.get_account_id())

    async def find(self, access_key: str, token: str) -> Key:
        """Find a key; raises Refused."""
        if access_key == self._root.access_key:
            if token:
                raise unknown_key()
            return self._root
        if iam_evaluator.is_root_access_key(access_key):  # a fixed word or an account's number
            raise unknown_key()
        return _issued(access_key, token)

    def proof(self, authorization: str, answer: bytes) -> str:
        """Prove that an answer is the emulator's."""
        return proof(self._root.secret, authorization, answer)


def _issued(access_key: str, token: str) -> Key:
    """Look a key up in the emulator's IAM and STS."""
    try:
        account = iam_evaluator.find_iam_access_key_account(access_key)
    except iam_evaluator.AmbiguousAccessKeyError:
        raise unknown_key() from None
    found = iam_evaluator.resolve_credential(access_key, account or responses.get_account_id(), token)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise Refused(_REASONS.get(found.code, Reason.UNKNOWN_KEY), found.message)
    name = found.principal_name
    if found.principal_type == "AssumedRole":
        name = found.principal_arn.split("/")[1]
    return Key(access_key, found.secret_access_key, found.principal_arn, found.principal_type, name)


def is_open(request: Request) -> bool:
    """Return whether a request needs no signature: it asks for health, or answers for a custom resource."""
    return _asks_for_health(request) or (
        request.method == "PUT" and _RESPONSE_ADDRESS.fullmatch(request.path) is not None
    )


_asks_for_health = read_only(*HEALTH)


def is_api(request: Request) -> bool:
    """Return whether a request is for a REST API that is deployed here."""
    return bool(_API_PATH.match(request.path) or _API_HOST.match(request.header("host") or ""))


def check_scope(request: Request, claim: Claim) -> None:
    """Raise Refused when a request was signed for another service than the one that would answer it.

    The emulator goes by the x-amz-target header, and without one by the signature's own scope.
    """
    target = request.header("x-amz-target") or ""
    expected = {API} if is_api(request) else _scopes_of(target) if target else set()
    if (expected and claim.service not in expected) or (claim.service == API and not is_api(request)):
        wanted = " or ".join(sorted(expected)) or "of the request"
        raise Refused(Reason.SCOPE, f"Credential should be scoped to correct service: '{wanted}'. ")


def _scopes_of(target: str) -> set[str]:
    """Return the scopes that go with an x-amz-target."""
    patterns: dict[str, Any] = router.SERVICE_PATTERNS
    for service, pattern in patterns.items():
        if any(target.startswith(prefix) for prefix in pattern.get("target_prefixes", [])):
            return {pattern.get("credential_scope", service)}
    return set()


def _as_sent(app: ASGIApp) -> ASGIApp:
    """Hand a request to a REST API over with its path as API Gateway has it: encoded as it was sent.

    Without its dot segments and doubled slashes, so that the path that answers is the one that was signed.
    """

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            request = Request.of(scope)
            path = normalize_url_path(request.raw_path)
            # A prefix that only decoding shows stays decoded: the guard has judged it that way.
            if is_api(request) and is_api(replace(request, path=path)):
                scope = {**scope, "path": path, "raw_path": path.encode("latin-1")}
        await app(scope, receive, send)

    return route


def _for_root(app: ASGIApp, keys: Keys) -> ASGIApp:
    """Restrict the paths that AWS does not have to root, and describe keys to it (local SageMaker)."""

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/_") and not _API_PATH.match(scope["path"]):
            key: Key | None = scope.get(KEY)
            if not is_open(Request.of(scope)) and (key is None or key.kind != "Root"):
                raise Refused(Reason.DENIED, "Only the root user may do this.")
            if scope["path"] == KEY_PATH:
                await (await _describe_key(keys, HttpRequest(scope, receive)))(scope, receive, send)
                return
        await app(scope, receive, send)

    return route


async def _describe_key(keys: Keys, request: HttpRequest) -> JSONResponse:
    asked = json.loads(await request.body())
    try:
        key = await keys.find(asked["access_key"], asked["token"])
    except Refused as refused:
        return JSONResponse({"reason": refused.reason, "message": refused.message}, 404)
    response = JSONResponse({"secret": key.secret, "arn": key.arn, "kind": key.kind, "name": key.name})
    response.headers[PROOF] = keys.proof(request.headers.get("authorization", ""), bytes(response.body))
    return response


def give_workers_secrets(root_secret: str) -> None:
    """Replace the credentials that the emulator gives to functions' workers by our own."""

    def credentials(config: dict[str, Any]) -> dict[str, str]:
        key = worker_key(config, root_secret)
        sts.register_session(key.access_key, session(config, key))
        return key.environment()

    for module in (lambda_runtime, lambda_svc):  # the second has imported it by name
        module.execution_credentials = credentials


def import_any_method() -> None:
    """Let the emulator import the method ANY of a REST API, which its own import leaves out."""
    import_path = apigateway_v1._import_path_item

    def import_with_any(api_id: str, path: str, operations: Mapping[str, Any], *others: Any) -> None:
        if ANY_METHOD in operations:
            every = dict.fromkeys(apigateway_v1._OPENAPI_HTTP_METHODS, operations[ANY_METHOD])
            operations = {**every, **operations}
        import_path(api_id, path, operations, *others)

    apigateway_v1._import_path_item = import_with_any


def tag_buckets() -> None:
    """Let the emulator's CloudFormation put its tags on buckets, as AWS does; its own does on most types."""
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create = handlers["create"]

    def create_with_tags(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        name, attributes = create(logical_id, properties, stack)
        s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        return name, attributes

    handlers["create"] = create_with_tags


def main() -> None:
    """Serve until SIGTERM."""
    import_any_method()
    tag_buckets()
    give_workers_secrets(os.environ["AWS_SECRET_ACCESS_KEY"])
    os.environ.pop(
        "PYTHONPATH", None
    )  # only needed to import this module; the functions' workers would inherit it
    ministack.app = guarded(ministack.app, os.environ)
    ministack.main()


if __name__ == "__main__":
    main()
