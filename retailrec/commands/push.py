"""``retailrec push-image``: push the algorithm's image to the account's registry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retailrec.client.paths import REPOSITORY, need_repository
from retailrec.client.place import chosen
from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session, where
from retailrec.views.screen import out


def push_image(repository: str, tag: str | None) -> None:
    """Build, tag and push the image, unless the registry has it; say how to deploy with it."""
    need_repository()
    from retailrec.image.tag import content_tag

    folder = REPOSITORY / "algorithm"
    session = aws_session()
    out().print(f"The registry is that of {where(session)}.", soft_wrap=True)
    ecr: Any = session.client("ecr")
    uri = push_folder(ecr, repository, tag or content_tag(folder), folder)
    out().print("\nDeploy with it:")
    # The SAM CLI does not read AWS_REGION, and would deploy elsewhere.
    where_to = f"--region {session.region_name}" + (
        f" --profile {chosen().profile}" if chosen().profile else ""
    )
    out().print(
        f"  sam deploy --guided {where_to} --parameter-overrides AlgorithmImageUri={uri}", soft_wrap=True
    )


def push_folder(ecr: Any, repository: str, tag: str, folder: Path) -> str:
    """Ensure that the registry holds a folder's image, in a form that SageMaker takes; return its address.

    Raises Problem if it holds the image in another form.
    """
    from retailrec.image import building, pushing

    uri = f"{ensure_repository(ecr, repository)}:{tag}"
    if held := find(ecr, repository, tag):
        out().print(f"{repository}:{tag} is already there.")
    else:
        building.build(uri, folder)
        pushing.push(ecr, uri)
        held = find(ecr, repository, tag)
    check(repository, tag, held, ecr.meta.region_name)
    return uri


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


def find(ecr: Any, repository: str, tag: str) -> Mapping[str, Any] | None:
    """Return what the registry holds under a tag, if anything."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return None
    return found["imageDetails"][0]  # type: ignore[no-any-return]


def check(repository: str, tag: str, held: Mapping[str, Any] | None, region: str) -> None:
    """Raise Problem unless the registry holds an image that SageMaker takes."""
    from retailrec.image.manifest import unusable

    if held is None:
        raise Problem(
            f"{repository}:{tag} was pushed, and the registry does not list it yet: run the command again."
        )
    if reason := unusable(f"{repository}:{tag}", held):
        raise Problem(
            f"{reason}. Delete it (`aws ecr batch-delete-image --repository-name {repository} --image-ids "
            f"imageTag={tag} --region {region}`), or choose another --tag, and run the command again, with "
            "Docker: other programs that answer to `docker` push other kinds."
        )
