"""Every id is reachable by every route, as API Gateway, the local cloud and sam local send it."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local.cloud.deployment import sam_program
from recommend_api.paths import METHODS
from retailrec_shared.serving.keys import customer_key, item_key
from retailrec_shared.serving.table import serving
from tests.integration.pipeline.api.api_client import RUN, FakeRuntime, answer_to, items, post

# Run by the SAM CLI's own Python: its routes, and the events that it makes of addresses.
SAM = """
import json, sys
from flask import Flask, request
from samcli.local.apigw.event_constructor import construct_v1_event
from samcli.local.apigw.path_converter import PathConverter

paths, addresses = json.load(sys.stdin)
app = Flask("sam")
for path in map(PathConverter.convert_path_to_flask, paths):
    app.add_url_rule(path, path, lambda: None)

def event(address):
    with app.test_request_context(address):
        return construct_v1_event(request, 3000, [], "v1")

print(json.dumps([event(each) for each in addresses]))
"""

HOSTILE = [
    "%41", "%2541", "%2F", "100%", "a/b", "a/similar", "x/purchases", "@", "a+b", "a b", "?", "#",
    "a?b#c&d=e", ";", "popular", "similar", ".", "..", "...", "a//b", "/", "ü", "中" * 256, "*", "~", "{id}",
    "a,b", ",", "a\\b", '"', "'",
]  # fmt: skip
IN_PATHS = [each for each in HOSTILE if each != "popular"]
IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=256)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def event(resource: str, path: str, query: Mapping[str, Sequence[str]], context_path: str) -> dict[str, Any]:
    return {
        "resource": resource,
        "path": path,
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": {name: [*values] for name, values in query.items()} or None,
        "requestContext": {
            "requestId": "1", "stage": "v1", "httpMethod": "GET",
            "resourcePath": resource, "path": context_path,
        },
        "body": None,
        "isBase64Encoded": False,
    }  # fmt: skip


def by_api_gateway(resource: str, text: str, **query: Sequence[str]) -> tuple[int, Any]:
    """A REST API hands the path over as it was sent."""
    path = resource.replace("{}", quote(text, safe=""))
    return answer_to(event(resource.replace("{}", "{customer_id}"), path, query, f"/v1{path}"))[:2]


def by_sam_local(resource: str, text: str, **query: Sequence[str]) -> tuple[int, Any]:
    """`sam local start-api` decodes the path, takes an id with a slash for a greedy resource's, and names the
    resource where the request's path belongs."""
    path = resource.replace("{}", unquote(quote(text, safe="")))
    name = "/{proxy+}" if "/" in text else resource.replace("{}", "{customer_id}")
    return answer_to(event(name, path, query, name))[:2]


WAYS = pytest.mark.parametrize("ask", [by_api_gateway, by_sam_local])


@pytest.fixture
def shop(runtime: FakeRuntime) -> FakeRuntime:
    """Sells items with hostile ids to customers with hostile ids."""
    line = {"timestamp": "2011-01-01T10:00:00", "invoice": "1", "item_id": "P1", "quantity": 2, "price": 2.5}
    bought = {"country": "France", "purchases_total": 1, "purchases": [line], "bought": []}
    body = bought | {"recommendations": [["B1", 0.9]]}
    serving().put_all((item_key(RUN, each), {"description": f"the {each}"}) for each in HOSTILE)
    serving().put_all((customer_key(RUN, each), body) for each in HOSTILE)
    return runtime


@WAYS
def test_any_id_in_the_query_is_reachable_by_every_route(shop: FakeRuntime, ask: Any) -> None:
    for text in HOSTILE:
        assert ask("/item", "", id=[text])[1]["description"] == f"the {text}"
        assert ask("/item/similar", "", id=[text])[1]["item_id"] == text
        assert ask("/customer/purchases", "", id=[text])[1]["purchases"][0]["item_id"] == "P1"
        status, answer = ask("/customer/recommendations", "", id=[text], top_n=["1"])
        assert (status, answer["customer_id"], items(answer)) == (200, text, ["B1"])


@WAYS
def test_an_id_in_the_path_is_decoded_once(shop: FakeRuntime, ask: Any) -> None:
    for text in IN_PATHS:
        if not (ask is by_sam_local and text.endswith("/similar")):  # decoded, it is another route
            assert ask("/items/{}", text)[1]["description"] == f"the {text}"
        assert ask("/items/{}/similar", text)[1]["item_id"] == text
        assert ask("/customers/{}/purchases", text)[0] == 200
        assert ask("/customers/{}/recommendations", text)[1]["customer_id"] == text


@WAYS
def test_an_item_called_popular_has_what_is_similar_and_the_ranking_keeps_its_path(
    shop: FakeRuntime, ask: Any
) -> None:
    assert ask("/items/popular/similar", "popular")[1]["item_id"] == "popular"
    assert "run_id" in ask("/items/{}", "popular")[1]
    assert ask("/items/{}", "popular")[1]["source"] == "popular"
    assert ask("/item", "", id=["popular"])[1]["description"] == "the popular"


@given(IDS)
@example("%41")
@example("%2541%")
@example("a/b/recommendations")
@FEW
def test_every_id_is_one_customer(shop: FakeRuntime, text: str) -> None:
    for ask in (by_api_gateway, by_sam_local):
        assert ask("/customers/{}/recommendations", text)[1]["customer_id"] == text
        assert ask("/customer/recommendations", "", id=[text])[1]["customer_id"] == text
    assert post("/recommendations", {"customers": [text]})[1]["answers"][0]["customer_id"] == text


def test_ids_in_a_query_with_any_id_are_not_split(shop: FakeRuntime) -> None:
    stock = [",", "a,b", "P1"]
    answer = by_api_gateway("/customer/recommendations", "", id=["new"], in_stock=stock, exclude=["P1"])[1]
    assert sorted(items(answer)) == [",", "a,b"]
    similar = by_api_gateway("/item/similar", "", id=["P1"], in_stock=stock, exclude=["a,b"])[1]
    assert items(similar) == [","]
    posted = post("/recommendations", {"customers": ["new"], "in_stock": stock, "exclude": ["P1"]})[1]
    assert sorted(items(posted["answers"][0])) == [",", "a,b"]


@pytest.mark.parametrize("query", [{}, {"id": [""]}, {"id": ["x" * 257]}])
@pytest.mark.parametrize(
    "path", ["/item", "/item/similar", "/customer/purchases", "/customer/recommendations"]
)
def test_an_id_that_is_missing_or_too_long_is_named(
    shop: FakeRuntime, path: str, query: dict[str, list[str]]
) -> None:
    status, answer = by_api_gateway(path, "", **query)
    assert (status, answer["field"]) == (400, "id"), json.dumps(answer)


@pytest.mark.slow
def test_what_sam_local_makes_of_an_address_is_understood(shop: FakeRuntime) -> None:
    in_paths = [f"/items/{quote(text, safe='')}/similar" for text in IN_PATHS if "//" not in text]
    in_query = [f"/item/similar?id={quote(text, safe='')}" for text in HOSTILE]
    python = Path(sam_program()).with_name("python")
    given = json.dumps([[*METHODS, "/{proxy+}"], in_paths + in_query])
    made = subprocess.run([python, "-c", SAM], input=given, capture_output=True, text=True, check=True)
    answers = [answer_to(each)[1]["item_id"] for each in json.loads(made.stdout)]
    assert answers == [text for text in IN_PATHS if "//" not in text] + HOSTILE
