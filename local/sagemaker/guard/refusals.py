"""Writes refusals as the requested service would."""

import json
import re
import uuid
from xml.sax.saxutils import escape

from starlette.responses import Response

from local.sagemaker.guard.keys import Reason, Refused
from local.sagemaker.guard.request import Request

# By reason: the error codes of S3, of the query protocol and of the JSON protocols.
_NAMES = {
    Reason.PAGE: ("AccessDenied", "AccessDenied", "AccessDeniedException"),
    Reason.UNSIGNED: ("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    Reason.INCOMPLETE: (
        "AuthorizationHeaderMalformed",
        "IncompleteSignature",
        "IncompleteSignatureException",
    ),
    Reason.UNKNOWN_KEY: ("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
    Reason.BAD_TOKEN: ("InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException"),
    Reason.EXPIRED_TOKEN: ("ExpiredToken", "ExpiredToken", "ExpiredTokenException"),
    Reason.MISMATCH: ("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.SKEWED: ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.EXPIRED: ("AccessDenied", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.SCOPE: ("AuthorizationHeaderMalformed", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.BODY: ("XAmzContentSHA256Mismatch", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.TOO_LARGE: ("EntityTooLarge", "RequestEntityTooLarge", "RequestEntityTooLargeException"),
    Reason.UNSUPPORTED: ("NotImplemented", "SignatureDoesNotMatch", "InvalidSignatureException"),
    Reason.DENIED: ("AccessDenied", "AccessDenied", "AccessDeniedException"),
}
# The status is 403, except for these.
_STATUS = {Reason.INCOMPLETE: 400, Reason.TOO_LARGE: 413}
_STATUS_OF_S3 = {Reason.BODY: 400, Reason.UNSUPPORTED: 501}
_SERVICE = re.compile(r"/\d{8}/[^/\s]*/([a-z0-9-]+)/", re.ASCII)
_FORM = "application/x-www-form-urlencoded"


def response(refused: Refused, request: Request, service: str = "") -> Response:
    """Write a refusal in the protocol of the requested service, as far as the request shows it."""
    service = service or _scoped_to(request)
    of_s3, of_query, of_json = _NAMES[refused.reason]
    status = _STATUS.get(refused.reason, 403)
    if service == "s3":
        body = _xml(f"<Error>{_members(of_s3, refused)}<RequestId>{uuid.uuid4()}</RequestId></Error>")
        return _response(body, _STATUS_OF_S3.get(refused.reason, status), "application/xml")
    if service != "execute-api" and _is_query(request):
        error = f"<Error><Type>Sender</Type>{_members(of_query, refused)}</Error>"
        wrapped = f"<ErrorResponse>{error}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        return _response(_xml(wrapped), status, "text/xml")
    if service == "execute-api":
        said = {"message": refused.message}
        return _response(json.dumps(said), 403, "application/json", of_json)
    said = {"__type": of_json, "message": refused.message, "Message": refused.message}
    return _response(json.dumps(said), status, "application/x-amz-json-1.1", of_json)


def _scoped_to(request: Request) -> str:
    """Return the service that a signature is for, even if it is malformed otherwise."""
    claimed = [request.header("authorization") or "", *request.parameters("X-Amz-Credential")]
    found = _SERVICE.search(" ".join(claimed))
    return found[1] if found else ""


def _is_query(request: Request) -> bool:
    """Return whether a request is of the query protocol, whose errors are XML."""
    asked = (request.header("content-type") or "").startswith(_FORM) or request.parameters("Action")
    return bool(asked) and "x-amz-target" not in request.headers


def _members(code: str, refused: Refused) -> str:
    return f"<Code>{code}</Code><Message>{escape(refused.message)}</Message>"


def _xml(document: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'


def _response(body: str, status: int, media_type: str, error_type: str = "") -> Response:
    headers = {"x-amzn-requestid": str(uuid.uuid4()), "x-content-type-options": "nosniff"}
    if error_type:
        headers["x-amzn-errortype"] = error_type
    return Response(body, status, headers, media_type)
