"""The API's OpenAPI document, generated from its routes."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

ABOUT = (
    "Recommendations from a model trained on a shop's transactions. Responses are never empty while "
    "items are left to recommend: where one source lacks items, the next one adds some, and each item names "
    "its source. Requests are signed with SigV4, service execute-api."
)


def document(api: APIGatewayRestResolver) -> dict[str, Any]:
    """Generate the OpenAPI document of an API."""
    text = api.get_openapi_json_schema(title="retailrec", version="1", description=ABOUT)
    found: dict[str, Any] = json.loads(text)
    for operations in found["paths"].values():
        for operation in operations.values():
            # Powertools declares its own response to invalid requests; ours is a problem, with status 400.
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(unused, None)
    return found


@cache
def document_text(api: APIGatewayRestResolver) -> str:
    """Return the document as JSON text."""
    return json.dumps(document(api), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
