"""Runs the local SageMaker: ``python -m local.sagemaker --state-dir DIR``."""

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from local.sagemaker.http.app import build
from local.sagemaker.settings import ALGORITHM_DIR, Settings

HOST = "127.0.0.1"


def parse(arguments: list[str] | None = None) -> Settings:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.sagemaker", description=__doc__)
    parser.add_argument("--port", type=int, default=4600, help="port of the loopback interface")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of jobs and logs")
    parser.add_argument("--aws-endpoint", default="http://127.0.0.1:4566", help="where S3 and IAM are")
    parser.add_argument("--algorithm-dir", type=Path, default=ALGORITHM_DIR, help="where the programs are")
    parser.add_argument("--container-image", default="", help="run this image instead of those programs")
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--hosts-file", type=Path, help="lists further names of this server")
    parser.add_argument("--no-auth", action="store_true", help="let every program do everything, unsigned")
    given = parser.parse_args(arguments)
    if not (os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")):
        parser.error("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the emulator's root key")
    return Settings(
        port=given.port,
        state_dir=given.state_dir.resolve(),
        aws_endpoint=given.aws_endpoint,
        algorithm_dir=given.algorithm_dir.resolve(),
        container_image=given.container_image,
        account=given.account,
        region=given.region,
        # The emulator takes its environment's key for the root's; so do we.
        root_key=os.environ["AWS_ACCESS_KEY_ID"],
        root_secret=os.environ["AWS_SECRET_ACCESS_KEY"],
        auth=not given.no_auth,
        hosts_file=given.hosts_file,
    )


class _Server(uvicorn.Server):
    """Prints one line when it is ready, for a parent process to wait for."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"Local SageMaker ready on http://{HOST}:{self.config.port}\n")
            sys.stdout.flush()


def main() -> int:
    """Serve until SIGTERM or SIGINT, then stop every program that was started."""
    settings = parse()
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # uvicorn raises the signal again once it has shut down; ending on request is not a failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        build(settings),
        host=HOST,
        port=settings.port,
        access_log=False,
        log_level="warning",
        # Long enough for a request to finish, short enough for a person who pressed Ctrl-C.
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
