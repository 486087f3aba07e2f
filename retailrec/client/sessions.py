"""boto3 sessions of the user's AWS account and of the local cloud."""

import os
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from retailrec.client import place

if TYPE_CHECKING:
    from local.cloud import Running


def aws_session(named: place.Place | None = None) -> boto3.Session:
    """Open a session in a named region and with a named profile, else as AWS's command line chooses them.

    Raises ProfileNotFound for an unknown profile.
    """
    named = named or place.chosen()
    return boto3.Session(region_name=named.region or place.region(), profile_name=named.profile)


def region_of_sam(named: place.Place) -> str | None:
    """Return the region of the SAM CLI with these options: it does not read ``AWS_REGION``."""
    return boto3.Session(region_name=named.region, profile_name=named.profile).region_name


def local_session(cloud: "Running") -> boto3.Session:
    """Open a session of a local cloud's root user, independent of the user's AWS configuration."""
    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = botocore.session.Session(session_vars=nothing)
    session.set_credentials(cloud.access_key, cloud.secret_key)
    return boto3.Session(botocore_session=session, region_name=cloud.region)


def is_local_root(session: boto3.Session, cloud: "Running") -> bool:
    """Return whether a session is that of a local cloud's root user."""
    credentials = session.get_credentials()
    return credentials is not None and credentials.access_key == cloud.access_key


def assume(sts: Any, role_arn: str, region: str) -> boto3.Session:
    """Open a session of a role; raises ClientError when it may not be assumed."""
    given = sts.assume_role(RoleArn=role_arn, RoleSessionName="retailrec-drop")["Credentials"]
    session = botocore.session.Session()
    session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return boto3.Session(botocore_session=session, region_name=region)


def client(session: boto3.Session, service: str, cloud: "Running | None") -> Any:
    """Make a client of a service: of the local cloud, or without one of AWS itself."""
    if cloud is None:
        return session.client(service)  # type: ignore[call-overload]
    url = cloud.sagemaker_url if service.startswith("sagemaker") else cloud.aws_url
    # An empty mapping, not None: ignore proxies of the environment for the loopback.
    direct = Config(proxies={}, connect_timeout=3, read_timeout=60, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=url, config=direct)  # type: ignore[call-overload]


def where(session: boto3.Session) -> str:
    """Describe the account and the region that a session works in; GetCallerIdentity needs no permission."""
    account = client(session, "sts", None).get_caller_identity()["Account"]
    of_profile = "" if session.profile_name == "default" else f", profile {session.profile_name}"
    return f"account {account}, region {session.region_name}{of_profile}"
