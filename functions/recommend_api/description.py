"""The API's description, generated from its routes."""

import json
from functools import cache
from typing import Any

from recommend_api.routes import api

ABOUT = (
    "Recommendations from a model trained on a shop's transactions. Answers are never empty while items are "
    "left to recommend: sources fill in for each other, and each answer names its own. Requests are signed "
    "with SigV4, service execute-api."
)


def document() -> dict[str, Any]:
    """Generate the OpenAPI document."""
    text = api.get_openapi_json_schema(title="retailrec", version="1", description=ABOUT)
    found: dict[str, Any] = json.loads(text)
    for operations in found["paths"].values():
        for operation in operations.values():
            # powertools declares its own answer to invalid requests; ours is a problem, with status 400.
            operation["responses"].pop("422", None)
    for unused in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(unused, None)
    return found


@cache
def document_text() -> str:
    """Write the document as JSON."""
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
