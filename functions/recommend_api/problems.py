"""Errors as problem details (RFC 9457)."""

import json
import re
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.metrics import MetricUnit

from recommend_api import paths
from retailrec_shared.core.observability import logger, metrics

MEDIA_TYPE = "application/problem+json"
JSON = "application/json"
NOT_JSON = "The body must be JSON: send Content-Type: application/json."
MAX_CHARACTERS = 1_048_576  # more than the largest body that the fields' limits allow
TOO_LARGE = f"The body is longer than {MAX_CHARACTERS:,} characters: send several requests."
# A function's response has at most 6 MB, as JSON. No character takes more than twelve bytes in it.
MOST_RESPONSE_BYTES = 6_000_000
SMALL_RESPONSE = MOST_RESPONSE_BYTES // 12
TOO_MUCH = "The response would have more than 6 MB: ask for fewer customers, or for fewer items (top_n)."
# Python does not parse longer integers (CVE-2020-10735), and no valid text is as long.
_ENDLESS_NUMBER = re.compile(r"[0-9]{4301}")
TOO_LONG_A_NUMBER = "a number has too many digits"
TOO_DEEP = "its JSON is nested too deeply"
NO_OBJECT = "give one JSON object, not a list"
KINDS: Mapping[int, str] = {
    400: "invalid-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    500: "internal",
    502: "endpoint-failed",
    503: "not-available",
}


def problem(
    status: int, detail: str, fields: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Build a problem body: type, title, status, detail, and the fields at fault where there are any."""
    body: dict[str, Any] = {
        "type": f"urn:retailrec:problem:{KINDS[status]}" if status in KINDS else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if fields:
        body["field"] = fields[0][0]
        body["errors"] = [{"field": field, "detail": said} for field, said in fields]
    text = json.dumps(body, ensure_ascii=False)
    return Response(int(status), content_type=MEDIA_TYPE, body=text, headers=dict(headers or {}))


def of_body(event: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """Return the refusal of a body that is too large or not JSON; ``None`` for a body to parse.

    The resolver itself would also read forms, fail at malformed ones, and take only the first of a list of
    requests.
    """
    body = event.get("body") or ""
    if len(body) > MAX_CHARACTERS:
        return _gateway_response(problem(413, TOO_LARGE))
    if _ENDLESS_NUMBER.search(body):
        return _gateway_response(problem(400, f"body: {TOO_LONG_A_NUMBER}", [("body", TOO_LONG_A_NUMBER)]))
    if event["httpMethod"] != "POST" or (paths.find(path) or ("", ""))[1] != "POST":
        return None
    kinds = [value for name, value in event["headers"].items() if name.lower() == "content-type"]
    if (kinds or [JSON])[0].split(";")[0].strip() != JSON:
        return _gateway_response(problem(415, NOT_JSON))
    if body.lstrip(" \t\r\n").startswith("["):
        return _gateway_response(problem(400, f"body: {NO_OBJECT}", [("body", NO_OBJECT)]))
    return None


def unless_too_large(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response, or the problem that Lambda could not send it: many customers' long ids and names."""
    if len(response.get("body") or "") < SMALL_RESPONSE or len(json.dumps(response)) <= MOST_RESPONSE_BYTES:
        return response
    return _gateway_response(problem(413, TOO_MUCH))


def with_plain_media_type(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers with the media type in lower case: the resolver compares it with its case."""
    return {
        name: value.lower() if name.lower() == "content-type" else value
        for name, value in (headers or {}).items()
    }


def _gateway_response(refusal: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": refusal.status_code,
        "body": refusal.body,
        "isBase64Encoded": False,
        "multiValueHeaders": {"Content-Type": [MEDIA_TYPE]},
    }


def register(api: APIGatewayRestResolver) -> None:
    """Register the handlers that turn errors into problems."""

    @api.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def invalid(error: RequestValidationError) -> Response[str]:
        fields = [(_field(each), str(each["msg"]).removeprefix("Value error, ")) for each in error.errors()]
        return problem(400, f"{fields[0][0]}: {fields[0][1]}", fields)

    @api.exception_handler(RecursionError)  # type: ignore[untyped-decorator]
    def bottomless(_error: Exception) -> Response[str]:
        return problem(400, f"body: {TOO_DEEP}", [("body", TOO_DEEP)])  # only a body can nest

    @api.exception_handler(RequestUnsupportedContentType)  # type: ignore[untyped-decorator]
    def unsupported(_error: Exception) -> Response[str]:
        return problem(415, NOT_JSON)

    @api.not_found
    def missing(error: NotFoundError) -> Response[str]:
        if error.msg != NotFoundError().msg:
            return problem(404, str(error.msg))
        found = paths.find(api.current_event.path)
        if found is None:
            return problem(404, "There is no such path; /openapi.json lists them.")
        return problem(405, f"{found[0]} accepts only {found[1]}.", headers={"Allow": found[1]})

    @api.exception_handler(ServiceError)  # type: ignore[untyped-decorator]
    def refused(error: ServiceError) -> Response[str]:
        headers = {"Retry-After": "1"} if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE else {}
        return problem(error.status_code, str(error.msg), headers=headers)

    @api.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def broken(error: Exception) -> Response[str]:
        # The place only: the error's message may hold a customer's id.
        where = traceback.format_tb(error.__traceback__)
        logger.error("request failed", error=type(error).__name__, where=where)
        metrics.add_metric(name="ApiErrors", unit=MetricUnit.Count, value=1)
        return problem(500, "The request failed; try again.")


def _field(error: Mapping[str, Any]) -> str:
    """Return a field's name without its location (query, path, body)."""
    if error.get("type") == "json_invalid":  # its location is a place in the text
        return "body"
    named = [str(part) for part in error["loc"] if part not in {"query", "path", "body", "header"}]
    return ".".join(named) or "body"
