"""The local cloud, imported lazily: most of it is not needed for a stack on AWS."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from retailrec.client.paths import need_repository

if TYPE_CHECKING:
    from local.cloud import Running

Say = Callable[[str], None]


def running() -> "Running | None":
    """Return the local cloud, if it is up."""
    from local import cloud

    return cloud.running()


def up(
    say: Say, containers: bool = False, algorithm_arn: str = "", parameters: Iterable[str] = ()
) -> "Running":
    """Start the local cloud unless it runs; with ``containers``, SageMaker runs the algorithm's image."""
    need_repository()
    from local import cloud

    return cloud.up(say, _image(say) if containers else "", algorithm_arn, parameters)


def _image(say: Say) -> str:
    from local.containers import image

    say("Building the algorithm's image (docker build)")
    image.build()
    return image.IMAGE


def down(say: Say) -> None:
    """Stop the local cloud and delete its state."""
    need_repository()
    from local import cloud

    cloud.down(say)
