"""The origin of a dead letter, by its message."""

from typing import Any

import pytest

from retailrec.client.redriving import Origin, origin

EVENT = {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop-start-batch"
RULES = "arn:aws:events:eu-west-1:123456789012:rule"


@pytest.mark.parametrize(
    ("body", "attributes", "found"),
    [
        (
            {"requestContext": {"functionArn": f"{FUNCTION}:$LATEST"}, "requestPayload": EVENT},
            {},
            Origin("function", "shop-start-batch", EVENT),
        ),
        (
            EVENT,
            {"TARGET_ARN": FUNCTION, "RULE_ARN": f"{RULES}/shop-rule"},
            Origin("function", "shop-start-batch", EVENT),
        ),
        (
            EVENT,
            {"TARGET_ARN": "arn:aws:sns:eu-west-1:123456789012:t", "RULE_ARN": f"{RULES}/shop/failures"},
            Origin("bus", "shop", EVENT),
        ),
        (EVENT, {"RULE_ARN": f"{RULES}/failures"}, Origin("bus", "default", EVENT)),
        (EVENT, {}, None),
        ("text", {"RULE_ARN": f"{RULES}/failures"}, None),
        ({"requestPayload": EVENT}, {}, None),
        ({"requestContext": {"functionArn": ""}, "requestPayload": EVENT}, {}, None),
    ],
)
def test_a_letter_goes_where_it_came_from(
    body: Any, attributes: dict[str, str], found: Origin | None
) -> None:
    assert origin(body, attributes) == found
