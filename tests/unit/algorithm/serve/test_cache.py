import asyncio

import httpx
import pytest

from recommender.model.model import Model
from recommender.serve.app import create_app
from recommender.serve.cache import OVERHEAD, Key, Reply, ResponseCache
from recommender.serve.precomputed import Precomputed
from recommender.serve.queries import Query
from recommender.serve.recommend import Found, recommend

SIZE = 100 + 4 + OVERHEAD


def reply(length: int) -> Reply:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    return start, {"type": "http.response.body", "body": b"x" * length}


ANSWER = reply(100)


def key(number: int) -> Key:
    return Key(b"%04d" % number, None, None)


def test_an_answer_is_remembered_for_the_very_same_request_alone() -> None:
    cache = ResponseCache(10_000)
    cache.put(Key(b"a", b"application/json", None), ANSWER)
    assert cache.get(Key(b"a", b"application/json", None)) == ANSWER
    for other in (
        Key(b"b", b"application/json", None),
        Key(b"a", None, None),
        Key(b"a", b"application/json", b"*/*"),
    ):
        assert cache.get(other) is None


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    cache = ResponseCache(20 * SIZE)
    cache.put(key(0), ANSWER)
    for number in range(1, 500):
        cache.put(key(number), ANSWER)
        assert cache.get(key(0)) == ANSWER
    kept = [number for number in range(1, 500) if cache.get(key(number))]
    assert 499 in kept
    assert len(kept) <= 20


@pytest.mark.parametrize(
    ("limit", "request_size", "answer_size"), [(0, 4, 10), (10_000, 2000, 10), (10_000, 4, 6000)]
)
def test_what_is_too_large_is_not_remembered(limit: int, request_size: int, answer_size: int) -> None:
    cache = ResponseCache(limit)
    large = Key(b"x" * request_size, None, None)
    cache.put(large, reply(answer_size))
    assert cache.get(large) is None


def test_the_application_scores_the_same_request_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[Query] = []

    def counting(served: Model, query: Query) -> Found:
        scored.append(query)
        return recommend(served, query)

    monkeypatch.setattr("recommender.serve.precomputed.recommend", counting)
    transport = httpx.ASGITransport(create_app(Precomputed(model, limit=0)))

    async def ask(user: str, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/invocations", json={"user_id": user, "top_n": "2"}, headers=headers)

    async def go() -> list[httpx.Response]:
        csv = {"accept": "text/csv"}
        return [await ask("13085"), await ask("13085"), await ask("13085", **csv), await ask("00123")]

    first, second, as_csv, other = asyncio.run(go())
    assert first.content == second.content
    assert as_csv.text.startswith("13085,naïve 🎁,5.0")
    assert other.json()[0]["user_id"] == "00123"
    assert [query.user_id for query in scored] == ["13085", "13085", "00123"]
