"""`docker push` with credentials that are kept for this push only."""

import base64
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from retailrec.client.problems import Problem

STDERR = 2  # the descriptor


def push(ecr: Any, uri: str) -> None:
    """Push an image to ECR; raises Problem when it fails."""
    given = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    with tempfile.TemporaryDirectory() as folder:
        environment = _apart(Path(folder))
        login = ["docker", "login", "--username", user, "--password-stdin", given["proxyEndpoint"]]
        for command, stdin in ((login, password), (["docker", "push", uri], None)):
            ended = subprocess.run(
                command, input=stdin, text=True, env=environment, stdout=STDERR, check=False
            )
            if ended.returncode:
                raise Problem(f"`{' '.join(command[:2])}` failed: see the lines above.")


def _apart(folder: Path) -> dict[str, str]:
    """Return an environment in which docker keeps credentials in a folder and uses the same engine."""
    asked = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    host = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    chosen = os.environ.get("DOCKER_HOST") or host
    return {**os.environ, "DOCKER_CONFIG": str(folder), **({"DOCKER_HOST": chosen} if chosen else {})}
