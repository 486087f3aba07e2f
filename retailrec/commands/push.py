"""``retailrec push-image``: push the algorithm's image to the account's registry."""

import base64
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from retailrec.client.paths import REPOSITORY, need_repository
from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session
from retailrec.views.screen import out

STDERR = 2  # the descriptor
_NOT_BUILT_FROM = {"__pycache__", "README.md"}


def push_image(repository: str, tag: str | None) -> None:
    """Build, tag and push the image, unless the registry has it; say how to deploy with it."""
    need_repository()
    from local.containers import image

    tag = tag or content_tag(REPOSITORY / "algorithm")
    session = aws_session()
    ecr: Any = session.client("ecr")
    uri = f"{ensure_repository(ecr, repository)}:{tag}"
    if has_tag(ecr, repository, tag):
        out().print(f"{repository}:{tag} is already there.")
    else:
        image.build(uri)
        push(ecr, uri)
    out().print("\nDeploy with it:")
    out().print(f"  sam deploy --guided --parameter-overrides AlgorithmImageUri={uri}", soft_wrap=True)


def ensure_repository(ecr: Any, name: str) -> str:
    """Return the repository's address; create the repository if it does not exist."""
    try:
        found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException:
        out().print(f"Creating the ECR repository {name}.")
        # Tags are immutable: a run's configuration names one.
        found = ecr.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )["repository"]
    return str(found["repositoryUri"])


def has_tag(ecr: Any, repository: str, tag: str) -> bool:
    """Return whether the repository holds an image with this tag."""
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True


def push(ecr: Any, uri: str) -> None:
    """Push an image with credentials that are kept for this push only; raises Problem when it fails."""
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


def content_tag(folder: Path) -> str:
    """Hash the names and bytes of a folder's files: the same sources get the same tag."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if _NOT_BUILT_FROM.isdisjoint(relative.parts):
            digest.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
