"""The fallback chain takes each allowed item once, from the first source that has it."""

from urllib.parse import unquote

from recommend_api.breaker import Breaker
from recommend_api.fallback_chain import (
    Candidate,
    RecommendationCriteria,
    SourceResult,
    most_similar,
    select_items,
)
from recommend_api.paths import find, of_event


def result_of(source: str, *items: str) -> SourceResult:
    return SourceResult(source, "r", [Candidate(item, 1.0) for item in items])  # type: ignore[arg-type]


def test_a_source_that_is_not_needed_is_not_called() -> None:
    def never() -> SourceResult:
        raise AssertionError("called without need")

    assert (
        len(select_items(RecommendationCriteria(2), [lambda: result_of("endpoint", "A", "B", "C"), never]))
        == 2
    )


def test_what_is_missing_comes_from_the_next_source_and_nothing_twice() -> None:
    criteria = RecommendationCriteria(4, exclude=frozenset("B"), in_stock=frozenset("ABCDE"))
    chosen = select_items(
        criteria,
        [
            lambda: result_of("endpoint", "A", "B", "X"),
            lambda: None,
            lambda: result_of("popular", "A", "C", "D", "E"),
        ],
    )
    assert [(each.candidate.item_id, each.result.source) for each in chosen] == [
        ("A", "endpoint"), ("C", "popular"), ("D", "popular"), ("E", "popular")
    ]  # fmt: skip


def test_the_reason_for_an_item_is_the_seed_that_adds_most() -> None:
    found = most_similar(["new", "old"], {"new": [("A", 0.2)], "old": [("A", 0.5), ("B", 0.1)]})
    assert [(each.item_id, each.because_of) for each in found] == [("A", "old"), ("B", "old")]
    assert found[0].score > 0.6


def test_a_breaker_opens_tries_once_in_a_while_and_closes_by_itself() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, rest=5.0, clock=lambda: now[0])
    for _ in range(2):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    now[0] = 6.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False], "only one trial"
    breaker.failed()
    assert not breaker.allows()
    now[0] = 12.0
    assert breaker.allows()
    breaker.succeeded()
    assert all(breaker.allows() for _ in range(3))
    assert not breaker.open


def test_ids_are_the_same_in_encoded_and_decoded_paths() -> None:
    ids = ["13085", "a/b", "a b+c", "é", "50%", "x/similar", '"', "a#b?c"]
    for text in ids:
        path = of_event({"path": f"/customers/{text}/recommendations"})
        assert path.count("/") == 3
        assert unquote(path.split("/")[2]) == text
        assert of_event({"path": path}) == path, "what is encoded stays as it is"


def test_fixed_paths_win_over_ids() -> None:
    assert find("/items/popular") == ("/items/popular", "GET")
    assert find("/items/popular/similar") == ("/items/{item_id}/similar", "GET")
    assert find("/nowhere") is None
