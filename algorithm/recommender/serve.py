"""The serving program: ``python -m recommender.serve``, or ``serve`` in the image."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType

import uvicorn

from recommender.app import MAX_BODY, create_app
from recommender.folders import Folders
from recommender.model import ModelError, load_model
from recommender.threads import blas_threads

# SageMaker kills a container 30 s after SIGTERM; others wait only ten.
SECONDS_TO_FINISH = 5


@dataclass(frozen=True)
class Settings:
    """Where to listen, and the largest body to accept in bytes."""

    host: str
    port: int
    max_body: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Read SageMaker's variables, and RECOMMENDER_HOST for machines that are not a container."""
        megabytes = _whole(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 0)
        return cls(
            host=environment.get("RECOMMENDER_HOST") or "0.0.0.0",  # noqa: S104 - SageMaker reaches it from outside
            port=_whole(environment, "SAGEMAKER_BIND_TO_PORT", 8080),
            max_body=megabytes * 1024 * 1024 or MAX_BODY,
        )


def main() -> int:
    """Load the model, then serve it until SIGTERM."""
    # uvicorn finishes the requests in hand, then raises the signal again: then leave, with 0.
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings = Settings.of(os.environ)
        model = load_model(Folders.from_environment().model)
    except (ModelError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - no server, so no log yet
        return 1
    with blas_threads(1):  # one small product for each request: sharing it out would cost more
        uvicorn.run(
            create_app(model, settings.max_body),
            host=settings.host,
            port=settings.port,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
    return 0


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise ValueError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
