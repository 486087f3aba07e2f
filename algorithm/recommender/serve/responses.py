"""Response bodies: a JSON list, JSON Lines, or headerless CSV, as Accept asks."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import orjson

from recommender.data.ids import SortedIds
from recommender.errors import RequestError
from recommender.model.ranking import Scores
from recommender.serve.queries import Query
from recommender.serve.recommend import Found

JSON, JSON_LINES, CSV = "application/json", "application/jsonlines", "text/csv"
MEDIA_TYPES = (JSON, JSON_LINES, "application/x-jsonlines", CSV)
MAX_FRAGMENTS = 200_000  # item ids kept encoded, some 20 MB

_QUALITY = re.compile(r"q\s*=\s*([0-9](?:\.[0-9]*)?)")
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_to_json = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(256)
def negotiate(accept: str | None) -> str:
    """Return the served media type that the Accept header prefers; JSON where it names none or any."""
    ranges = [_media_range(part) for part in (accept or "").split(",")]
    refused = {kind for kind, quality in ranges if not quality}
    # Of equal quality the first: sorting is stable.
    for kind, quality in sorted(ranges, key=lambda each: -each[1]):
        for served in MEDIA_TYPES:
            if quality and served not in refused and _covers(kind, served):
                return served
    kinds = ", ".join(kind for kind, _ in ranges)[:200]
    raise RequestError(f"Accept must be one of {', '.join(MEDIA_TYPES)}, not {kinds}.", 406)


def _media_range(part: str) -> tuple[str, float]:
    """Parse a media range and its quality, which is 1 by default."""
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    qualities = [float(found[1]) for piece in parameters if (found := _QUALITY.fullmatch(piece))]
    return kind or "*/*", qualities[0] if qualities else 1.0


def _covers(kind: str, served: str) -> bool:
    return kind in (served, "*/*") or (kind.endswith("/*") and served.startswith(kind[:-1]))


class Encoder:
    """Encodes responses with one model's items; each item's id is encoded once, when first needed."""

    def __init__(self, item_ids: SortedIds) -> None:
        self._json = _Fragments(item_ids, lambda item: f'"item_id":{_to_json(item)},"score":')
        self._csv = _Fragments(item_ids, lambda item: f"{_csv_field(item)},")

    def answer(self, query: Query, found: Found, media_type: str) -> bytes:
        """Encode the response to one query."""
        return assemble([self.block([query], [found], media_type)], media_type)

    def block(self, queries: Sequence[Query], found: Sequence[Found], media_type: str) -> bytes:
        """Encode responses in order, to be assembled with those of other blocks."""
        encode = self._csv_lines if media_type == CSV else self._entries
        parts = [encode(query.user_id, each) for query, each in zip(queries, found, strict=True)]
        if media_type == CSV:
            text = "\n".join([part for part in parts if part])
        elif media_type == JSON:
            text = ",".join([part for part in parts if part])
        else:  # one list for each query, each on the line of its request
            text = "\n".join([f"[{part}]" for part in parts])
        return text.encode(errors="replace")

    def _entries(self, user_id: str | None, found: Found) -> str:
        head, fragments = f'{{"user_id":{_to_json(user_id)},', self._json
        entries = zip(found[0].tolist(), _numbers(found[1]), strict=True)
        return ",".join([f"{head}{fragments[code]}{number}}}" for code, number in entries])

    def _csv_lines(self, user_id: str | None, found: Found) -> str:
        head, fragments = f"{_csv_field(user_id or '')},", self._csv
        entries = zip(found[0].tolist(), _numbers(found[1]), strict=True)
        return "\n".join([f"{head}{fragments[code]}{number}" for code, number in entries])


def assemble(blocks: Iterable[bytes], media_type: str) -> bytes:
    """Join blocks, without a line end after the last one: SageMaker's AssembleWith adds it."""
    if media_type == JSON:  # one list for all users; every entry names its user
        return b"[" + b",".join([block for block in blocks if block]) + b"]"
    return b"\n".join([block for block in blocks if block])


class _Fragments(dict[int, str]):
    """The encoded text of each item, by its code; made on first use."""

    def __init__(self, item_ids: SortedIds, encode: Callable[[str], str]) -> None:
        super().__init__()
        self._item_ids = item_ids
        self._encode = encode

    def __missing__(self, code: int) -> str:
        if len(self) >= MAX_FRAGMENTS:
            self.clear()
        fragment = self[code] = self._encode(self._item_ids[code])
        return fragment


def _numbers(scores: Scores) -> list[str]:
    """Return the shortest decimal texts of these float32 scores."""
    if not len(scores):
        return []
    return orjson.dumps(scores, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().split(",")


def _csv_field(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'
