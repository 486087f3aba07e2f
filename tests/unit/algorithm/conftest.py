import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.data.interactions import Interactions, count_matrix
from recommender.fitting.fitted import Fitted, History
from recommender.folders import Folders
from recommender.model.model import Model, build_model
from recommender.serve.app import MAX_BODY, create_app
from recommender.serve.precomputed import PRECOMPUTED_BYTES, Precomputed

WriteChannel = Callable[..., Path]
Send = Callable[..., httpx.Response]
USERS = ["00123", "13085", "85123A"]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a program does to logging at its start: its handler outlives the stream that it writes to."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture
def write_channel(folders: Folders) -> WriteChannel:
    """Write one file of a channel from its lines."""

    def write(channel: str, lines: Iterable[str], name: str = "interactions.csv") -> Path:
        path = folders.channel(channel) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def write_hyperparameters(folders: Folders) -> Callable[..., None]:
    def write(**values: str) -> None:
        folders.configuration.mkdir(parents=True, exist_ok=True)
        (folders.configuration / "hyperparameters.json").write_text(json.dumps(values))

    return write


@pytest.fixture
def item_ids() -> list[str]:
    """Ids of the model's items: each one has been a number, a column or a line to somebody."""
    return ["00123", "1e5", "2,5", 'a"b', "naïve 🎁"]


@pytest.fixture
def model(item_ids: list[str]) -> Model:
    """Three users, five items: user 00123 scores them 5 to 1, 13085 1 to 5, 85123A all 0.

    User 00123 bought items 0 and 2; the others nothing.
    """
    fitted = Fitted(
        np.array([[1, 0], [-1, 6], [0, 0]], dtype=np.float32),
        np.array([[5, 1], [4, 1], [3, 1], [2, 1], [1, 1]], dtype=np.float32),
        np.array([[1, 0], [0, 0]], dtype=np.float32),
    )
    return build(USERS, item_ids, fitted)


@pytest.fixture
def weighted_model(item_ids: list[str]) -> Model:
    """As ``model``, but of item weights: every item speaks for the next one (1) and the one after (0.5)."""
    weights = np.eye(5, k=1) + np.eye(5, k=2) / 2
    return build(USERS, item_ids, Fitted(item_weights=csr_matrix(weights.astype(np.float32))))


def build(users: list[str], items: list[str], fitted: Fitted) -> Model:
    """Build a model whose first user bought items 0 (long ago) and 2 (now), twice."""
    rows = Interactions(
        users, items, np.array([0, 0, 0], dtype=np.int32), np.array([0, 2, 2], dtype=np.int32)
    )
    history = History(count_matrix(rows), np.array([0, 1], dtype=np.float32))
    return build_model(rows, history, fitted, recency_weight=10)


@pytest.fixture
def send(model: Model) -> Send:
    """Send a request to the application: by default a body to /invocations."""

    def send_to(
        body: Any = None,
        *,
        method: str = "POST",
        path: str = "/invocations",
        served: Model = model,
        max_body: int = MAX_BODY,
        precomputed_bytes: int = PRECOMPUTED_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        transport = httpx.ASGITransport(
            create_app(Precomputed(served, precomputed_bytes), max_body), raise_app_exceptions=False
        )

        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                sent = {"content-type": "application/json", **(headers or {})}
                return await client.request(method, path, content=content, headers=sent)

        return asyncio.run(go())

    return send_to
