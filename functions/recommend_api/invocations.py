"""The algorithm's own contract, passed through to the endpoint."""

import json

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from recommend_api import endpoint
from recommend_api.budget import Budget, TooSlow
from retailrec_shared.serving.answer_lists import BadAnswer, as_json


def pass_through(body: bytes) -> Response[str]:
    """Hand a request to the endpoint, and its answer back.

    What the algorithm refuses is refused with its status and words; raises ServiceError 503 where
    the endpoint does not answer, and 502 where what it says is no answer: there is no other source that
    speaks this contract. An answer in Python's spelling is handed on as JSON.
    """
    try:
        answer = endpoint.invoke(body, Budget(endpoint.ALONE_SECONDS), alone=True)
    except endpoint.Refused as refusal:
        raise ServiceError(refusal.status, _words(str(refusal))) from refusal
    except TooSlow as error:
        raise ServiceError(503, "The endpoint does not answer now; try again.") from error
    try:
        return Response(200, content_type="application/json", body=as_json(answer["Body"]))
    except BadAnswer as error:
        raise ServiceError(502, f"The endpoint's answer cannot be read. {error}") from error


def _words(said: str) -> str:
    """Read what our own image says in JSON; another algorithm's words are taken as they are."""
    try:
        body = json.loads(said)
    except ValueError:
        return said
    return str(body["error"]) if isinstance(body, dict) and "error" in body else said
