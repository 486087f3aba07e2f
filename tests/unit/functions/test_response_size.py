"""A response that Lambda could not send becomes a problem that says what to ask for instead."""

import json

from recommend_api.problems import MOST_RESPONSE_BYTES, unless_too_large


def response(body: str) -> dict[str, object]:
    return {"statusCode": 200, "body": body, "isBase64Encoded": False}


def test_a_large_response_is_sent_and_a_larger_one_is_refused() -> None:
    large = response("a" * (MOST_RESPONSE_BYTES - 1_000))
    assert unless_too_large(large) is large
    # A quotation mark takes two bytes in the JSON of Lambda's response, such a letter twelve.
    for letter, bytes_each in (('"', 2), ("\U0001f600", 12)):
        refused = unless_too_large(response(letter * (MOST_RESPONSE_BYTES // bytes_each)))
        assert refused["statusCode"] == 413
        assert "fewer customers" in json.loads(refused["body"])["detail"]
