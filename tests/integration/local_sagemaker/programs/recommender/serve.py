"""Serves a model: each request says what it wants to meet (an answer, an error, a delay, a death).

Of the standard library alone: many tests start it, and frameworks take a while to be imported.
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODEL = Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model" / "model.json"


class Handler(BaseHTTPRequestHandler):
    """Answers /ping and /invocations, one request after the other on a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._send(int(os.environ.get("PING_STATUS", "200")), "", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        accept = self.headers.get("accept", "")
        answers = []
        for line in body.strip().split("\n"):
            asked = json.loads(line)
            time.sleep(asked.get("sleep", 0))
            if asked.get("die"):
                os._exit(9)
            if "status" in asked:
                return self._send(asked["status"], "no such user", "text/plain")
            answers.append(answer(asked, accept))
        return self._send(200, "\n".join(answers), accept or "*/*")

    def _send(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


def answer(asked: dict[str, str], accept: str) -> str:
    user, top_n = asked["user_id"], int(asked.get("top_n", "2"))
    if accept == "text/csv":
        return "\n".join(f"{user},item-{rank},{1 / (rank + 1):.3f}" for rank in range(top_n))
    return json.dumps(
        {"user_id": user, "model": json.loads(MODEL.read_text()).get("version"), "pid": os.getpid()}
    )


def main() -> int:
    if os.environ.get("BREAK"):
        return 1
    sys.stdout.write(f"serving as {os.getpid()}\n")
    sys.stdout.flush()
    # Ends at once on a signal: the caller that stops it must wait for requests in flight.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    at = (os.environ["RECOMMENDER_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    ThreadingHTTPServer(at, Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
