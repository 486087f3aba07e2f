"""Requests as API Gateway hands a REST API's to a function: one of each route, and one that has none.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from local.samlocal.values import Values

Json = dict[str, Any]
Query = Mapping[str, Sequence[str]]
NO_ITEM = "no-such-item"


def requests(values: Values) -> dict[str, Json]:
    """Make every request, by the name of its file without its ending."""
    item, *others = values.items
    stock = ",".join(values.items[3:])
    customer, unknown = values.customers[0], "a/b é"
    filters = {
        "top_n": ["5"],
        "exclude": [item, ",".join(others[:2])],
        "exclude_purchased": ["false"],
        "in_stock": [stock],
    }
    basket = {"items": [item, others[0]], "top_n": 5, "country": "France"}
    made = {
        "basket-recommendations": _post("/recommendations", basket),
        "customers-recommendations": _post(
            "/recommendations", {"customers": list(values.customers), "top_n": 5}
        ),
        "customer-purchases": _get("/customer/purchases", id=[customer]),
        "customer-recommendations": _get("/customer/recommendations", id=["a/b %41"], top_n=["10"]),
        "customers": _get("/customers", prefix=["13"], limit=["10"]),
        "invocations": _post("/invocations", {"user_id": customer, "top_n": "10"}),
        "item": _get("/items/{item_id}", item),
        "item-by-query": _get("/item", id=[item]),
        "item-similar-by-query": _get("/item/similar", id=[item], top_n=["10"]),
        "model": _get("/model"),
        "openapi": _get("/openapi.json"),
        "popular-items": _get("/items/popular", country=["France"], since=["2011-11"], top_n=["10"]),
        "purchases": _get("/customers/{customer_id}/purchases", customer),
        "recommendations": _get("/customers/{customer_id}/recommendations", customer, top_n=["10"]),
        "recommendations-filtered": _get("/customers/{customer_id}/recommendations", unknown, **filters),
        "run": _get("/runs/{run_id}", values.run_id),
        "runs": _get("/runs", limit=["10"]),
        "similar-items": _get("/items/{item_id}/similar", item, top_n=["10"]),
        "unknown-item": _get("/items/{item_id}", NO_ITEM),
        "unknown-path": _get("/{proxy+}", "no/such/path"),
        "wrong-method": _request("DELETE", "/{proxy+}", "model", {}),
    }
    return {f"api-{name}": request for name, request in made.items()}


def _get(resource: str, parameter: str = "", **query: Sequence[str]) -> Json:
    return _request("GET", resource, parameter, query)


def _post(resource: str, body: Json) -> Json:
    return _request("POST", resource, "", {}, json.dumps(body))


def _request(method: str, resource: str, parameter: str, query: Query, body: str | None = None) -> Json:
    """Make a request; ``parameter`` is the one in the path, where the resource has one."""
    before, _, rest = resource.partition("{")
    name, _, after = rest.partition("}")
    greedy = name.endswith("+")
    value = quote(parameter, safe="/" if greedy else "")
    path = f"{before}{value}{after}"
    headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [each] for name, each in headers.items()},
        "queryStringParameters": {name: each[-1] for name, each in query.items()} or None,
        "multiValueQueryStringParameters": {name: list(each) for name, each in query.items()} or None,
        "pathParameters": {name.rstrip("+"): value} if name else None,
        "stageVariables": None,
        "requestContext": _context(method, resource, path),
        "body": body,
        "isBase64Encoded": False,
    }


def _context(method: str, resource: str, path: str) -> Json:
    return {
        "resourceId": "abc123",
        "resourcePath": resource,
        "httpMethod": method,
        "extendedRequestId": "JKJaXmPLvHcESHA=",
        "requestTime": "02/Jan/2026:03:04:05 +0000",
        "path": f"/v1{path}",
        "accountId": "123456789012",
        "protocol": "HTTP/1.1",
        "stage": "v1",
        "requestTimeEpoch": 1767323045000,
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "identity": {
            "accountId": "123456789012",
            "sourceIp": "192.0.2.1",
            "userAgent": "curl/8",
            "userArn": "arn:aws:iam::123456789012:user/example",
        },
        "domainName": "abcdefghij.execute-api.us-east-1.amazonaws.com",
        "apiId": "abcdefghij",
    }
