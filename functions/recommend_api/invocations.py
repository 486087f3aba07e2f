"""Requests in the algorithm's own contract, passed through to the endpoint."""

import json

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from recommend_api import endpoint
from recommend_api.budget import Budget, TooSlow
from retailrec_shared.serving.answer_lists import BadAnswer, as_json


def pass_through(body: bytes) -> Response[str]:
    """Send a request to the endpoint, and return its response.

    A refusal of the algorithm keeps its status and message. Raises ServiceError 503 where the endpoint does
    not respond, and 502 where its response cannot be parsed: no other source uses this contract. A response
    in Python's notation is returned as JSON.
    """
    try:
        answer = endpoint.invoke(body, Budget(endpoint.ONLY_SOURCE_SECONDS), only_source=True)
    except endpoint.Refused as refusal:
        raise ServiceError(refusal.status, _message(str(refusal))) from refusal
    except TooSlow as error:
        raise ServiceError(503, "The endpoint does not respond now; try again.") from error
    try:
        return Response(200, content_type="application/json", body=as_json(answer["Body"]))
    except BadAnswer as error:
        raise ServiceError(502, f"The endpoint's response cannot be read. {error}") from error


def _message(said: str) -> str:
    """Return the error message in our own image's JSON; another algorithm's text is returned unchanged."""
    try:
        body = json.loads(said)
    except ValueError:
        return said
    return str(body["error"]) if isinstance(body, dict) and "error" in body else said
