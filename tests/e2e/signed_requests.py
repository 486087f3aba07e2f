"""Signed requests of any kind, as a shop's own programs would send them."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from retailrec.client.stack import Stack

THREADS = 2
REMEMBERED_SECONDS = 5.5  # more than the API remembers which run is live
SETTLE_SECONDS = 300.0
CUSTOMERS = ["13085", "17519", "no-such-customer", "a/b + ü"]


class Client:
    """Signs for service execute-api, and keeps its connection."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        credentials = stack.session.get_credentials()
        assert credentials is not None
        self._credentials = credentials
        self._http = httpx.Client(trust_env=False, timeout=120)

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        url = f"{self._stack.api_url}{path}"
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if data else {}
        request = AWSRequest(method=method, url=url, data=data, headers=headers)
        SigV4Auth(self._credentials, "execute-api", "us-east-1").add_auth(request)
        return self._http.request(method, httpx.URL(url), content=data, headers=dict(request.headers.items()))


def settle(stack: Stack, run_id: str) -> None:
    """Ask until each of the API's workers names the run that is live: each remembers one for some seconds."""
    deadline = time.monotonic() + SETTLE_SECONDS
    time.sleep(REMEMBERED_SECONDS)

    def name_it(_number: int) -> None:
        client, in_a_row = Client(stack), 0
        while in_a_row < 10:
            live = client.ask("GET", "/items/popular?top_n=1").json().get("run_id")
            in_a_row = in_a_row + 1 if live == run_id else 0
            assert time.monotonic() < deadline, f"{live} is live for the API, not {run_id}"

    with ThreadPoolExecutor(THREADS + 1) as pool:
        list(pool.map(name_it, range(THREADS + 1)))


def mixed(chance: random.Random, items: list[str]) -> tuple[str, str, object]:
    """Choose one of the requests that shops send."""
    customer, item = chance.choice(CUSTOMERS), quote(chance.choice(items), safe="")
    return chance.choice(
        [
            ("GET", f"/customers/{quote(customer, safe='')}/recommendations?top_n=10", None),
            ("GET", f"/customers/13085/recommendations?top_n=20&exclude={item}", None),
            ("GET", "/items/popular?country=France", None),
            ("GET", f"/items/{item}/similar", None),
            ("POST", "/recommendations", {"items": [chance.choice(items)], "top_n": 5}),
            ("POST", "/recommendations", {"customers": ["13085", "17519"], "top_n": 5}),
        ]
    )


@dataclass
class Load:
    """Mixed requests from some threads, until they are stopped; keeps the responses."""

    stack: Stack
    items: list[str]
    threads: int = THREADS
    failures: list[str] = field(default_factory=list)
    answers: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._running = [threading.Thread(target=self._run, args=(n,)) for n in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()

    def sources(self, path: str, since: float = 0.0) -> list[str]:
        """The sources of the answers at a path, in their order."""
        return [body["source"] for body in self.bodies(path, since)]

    def bodies(self, path: str, since: float = 0.0) -> list[dict[str, Any]]:
        """The answers at a path to what was asked since then, in their order."""
        return [body for at, asked, body in self.answers if asked.startswith(path) and at >= since]

    def _run(self, number: int) -> None:
        chance, client = random.Random(number), Client(self.stack)  # noqa: S311 - a mixture, not a secret
        while not self._stop.is_set():
            method, path, body = mixed(chance, self.items)
            begun = time.monotonic()
            try:
                answer = client.ask(method, path, body)
            except httpx.HTTPError as error:
                self.failures.append(f"{method} {path}: {error!r}")
                continue
            if answer.status_code != httpx.codes.OK:
                self.failures.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
                continue
            found = answer.json()
            for each in found.get("answers", [found]):
                if not (each.get("recommendations") or each.get("items")):
                    self.failures.append(f"{method} {path}: empty")
            self.answers.append((begun, path, found))
            time.sleep(0.1)  # the machine trains a model besides
