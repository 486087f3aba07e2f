"""Asking the endpoint, within a time that leaves room for a fallback."""

import json
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from retailrec_shared import aws, names
from retailrec_shared.observability import logger
from retailrec_shared.settings import settings

TIMEOUT_SECONDS = 1.5  # for an answer, once connected: half a second more for that

Scored = tuple[str, float]


class EndpointAnswer(NamedTuple):
    """What the endpoint recommends, and the run whose model it was."""

    run_id: str | None
    items: list[Scored]


def ask(customer: str, top_n: int) -> EndpointAnswer | None:
    """Invoke the endpoint for a customer; ``None`` when it cannot answer (missing, slow, failing)."""
    if settings().endpoint_mode == "none":
        return None
    request = json.dumps({"user_id": customer, "top_n": str(top_n)})
    try:
        answer = aws.sagemaker_runtime(TIMEOUT_SECONDS).invoke_endpoint(
            EndpointName=settings().endpoint_name,
            ContentType="application/json",
            Accept="application/json",
            Body=request,
        )
        items = [(str(row["item_id"]), float(row["score"])) for row in json.loads(answer["Body"].read())]
    except (BotoCoreError, ClientError, ValueError, KeyError, TypeError) as error:
        logger.warning("endpoint gave no answer", error=type(error).__name__)
        return None
    return EndpointAnswer(names.run_of_variant(answer.get("InvokedProductionVariant", "")), items)
