"""Which AWS region and profile this process works with; imports no boto3, so that help stays quick."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The region and the profile that somebody names; None where they name none."""

    region: str | None = None
    profile: str | None = None

    def __bool__(self) -> bool:
        """Return whether anything is named."""
        return bool(self.region or self.profile)


# Of the command line, for the whole process: the console's threads open sessions too.
_named = Place()


def choose(named: Place) -> None:
    """Use this region and this profile for every AWS session that is opened without naming others."""
    global _named  # noqa: PLW0603 - one command line in one process
    _named = named


def chosen() -> Place:
    """Return what the command line names."""
    return _named


def region() -> str | None:
    """Return the chosen region, else that of ``AWS_REGION``.

    botocore reads ``AWS_DEFAULT_REGION`` and the profile's region itself, but not ``AWS_REGION``, which AWS's
    command line and other SDKs prefer to both.
    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
    """
    return _named.region or os.environ.get("AWS_REGION") or None


def profile() -> str | None:
    """Return the profile that credentials come from, if one is named."""
    in_botocores_order = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")
    return _named.profile or in_botocores_order or None
