"""Clients of the emulator that holds everything else: S3, EventBridge, IAM, Lambda, CloudWatch."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.sagemaker.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

# No proxies: the emulator is on the loopback interface, whatever HTTP_PROXY says. Short waits and few
# retries: threads that wait here would hold up the server's end.
CONFIG = Config(
    proxies={},
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
    s3={"addressing_style": "path"},
)


class Aws:
    """The clients, with the account's root credentials; botocore's clients may be shared by threads."""

    def __init__(self, settings: Settings) -> None:
        session = boto3.Session(
            aws_access_key_id=settings.root_key,
            aws_secret_access_key=settings.root_secret,
            region_name=settings.region,
        )
        url = settings.aws_endpoint
        self.s3: S3Client = session.client("s3", endpoint_url=url, config=CONFIG)
        self.events: EventBridgeClient = session.client("events", endpoint_url=url, config=CONFIG)
        self.iam: IAMClient = session.client("iam", endpoint_url=url, config=CONFIG)
        self.functions: LambdaClient = session.client("lambda", endpoint_url=url, config=CONFIG)
        self.cloudwatch: Any = session.client("cloudwatch", endpoint_url=url, config=CONFIG)
        self.logs: Any = session.client("logs", endpoint_url=url, config=CONFIG)
