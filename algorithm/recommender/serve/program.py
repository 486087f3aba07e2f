"""The serving program: ``python -m recommender.serve``, or ``serve`` in the image."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.folders import Folders
from recommender.model.model import ModelError, load_model
from recommender.privileges import before_serving
from recommender.serve.app import CACHE_BYTES, MAX_BODY, create_app
from recommender.serve.precomputed import PRECOMPUTED_BYTES, Precomputed
from recommender.serve.server import SECONDS_TO_FINISH, serve
from recommender.serve.workers import Workers
from recommender.threads import blas_threads, usable_cpus

BACKLOG = 2048
MAX_WORKERS = 256
LAST_PORT = 65535
MEGABYTE = 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The address, the number of workers, and in bytes the largest body, the cache and precomputed lists."""

    host: str
    port: int
    max_body: int
    workers: int
    cache_bytes: int
    precomputed_bytes: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read SageMaker's variables, and RECOMMENDER_HOST for machines that are not a container."""
        megabytes = _whole(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 0)
        return cls(
            host=environment.get("RECOMMENDER_HOST") or "0.0.0.0",  # noqa: S104 - SageMaker reaches it from outside
            port=_port(environment),
            max_body=megabytes * MEGABYTE or MAX_BODY,
            workers=min(_whole(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", 0), MAX_WORKERS)
            or usable_cpus(environment),
            cache_bytes=_whole(environment, "RECOMMENDER_CACHE_MB", CACHE_BYTES // MEGABYTE) * MEGABYTE,
            precomputed_bytes=_whole(environment, "RECOMMENDER_READY_MB", PRECOMPUTED_BYTES // MEGABYTE)
            * MEGABYTE,
        )


def main() -> int:
    """Load the model, then serve it until SIGTERM."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    # Process 1 of a container ignores signals it has no handler for; the workers' parent sets its own later.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = Settings.of(os.environ)
        model = load_model(Folders.from_environment().model)
        listener = socket.create_server((settings.host, settings.port), backlog=BACKLOG)
        privileges = before_serving()
    except (ModelError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - no server, so no log yet
        return 1
    if privileges:
        log.info(privileges)
    log.info(
        "serving %d users and %d items on port %d with %d workers",
        len(model.user_ids),
        len(model.item_ids),
        settings.port,
        settings.workers,
    )
    with blas_threads(1), listener:  # one small matrix product for each request: more threads would be slower
        precomputed = Precomputed(model, settings.precomputed_bytes)
        app = create_app(precomputed, settings.max_body, settings.workers, settings.cache_bytes)
        Workers(listener, lambda channel: serve(app, channel), settings.workers, SECONDS_TO_FINISH + 2).run()
    return 0


def _port(environment: Mapping[str, str]) -> int:
    port = _whole(environment, "SAGEMAKER_BIND_TO_PORT", 8080)
    if port > LAST_PORT:
        raise ValueError(f"SAGEMAKER_BIND_TO_PORT must be at most {LAST_PORT}, not {port}.")
    return port


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise ValueError(f"{name} must be a whole number, not {text!r}.")
    return int(text)
