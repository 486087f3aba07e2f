"""A stack to talk to: the one of the local cloud, or one that is deployed on AWS."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError
from pydantic import ValidationError

from retailrec.client import laptop
from retailrec.client.api import Api
from retailrec.client.problems import Problem
from retailrec.client.sessions import assume, aws_session, client, is_local_root, local_session
from retailrec_shared.core.settings import Settings
from retailrec_shared.ledger.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

    from local.cloud import Running

NO_CLOUD = "The local cloud is not up: run `retailrec up`, or name a deployed stack with --stack NAME."


@dataclass(frozen=True)
class Stack:
    """One stack: its clients, what it told CloudFormation, and the way to its API."""

    name: str
    session: boto3.Session
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    cloud: "Running | None" = None

    @classmethod
    def open(cls, name: str | None) -> Self:
        """Open the named stack on AWS, or without a name the local one; raises Problem if it is not there."""
        if name:
            return cls._open(name, aws_session(), None)
        cloud = laptop.running()
        if cloud is None:
            raise Problem(NO_CLOUD)
        return cls.local(cloud)

    @classmethod
    def local(cls, cloud: "Running") -> Self:
        """Open the stack of a local cloud."""
        return cls._open(cloud.stack, local_session(cloud), cloud)

    @classmethod
    def _open(cls, name: str, session: boto3.Session, cloud: "Running | None") -> Self:
        stack = cls(name, session, {}, {}, cloud)
        try:
            found = stack._client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise Problem(
                f"There is no stack {name!r} in {session.region_name}: check the name and the region."
            ) from error
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
        return cls(name, session, outputs, parameters, cloud)

    def output(self, name: str) -> str:
        """Return an output; raises Problem for a stack that lacks it."""
        if name not in self.outputs:
            raise Problem(
                f"The stack {self.name!r} has no output {name}: is it one of retailrec's, and complete?"
            )
        return self.outputs[name]

    def s3(self) -> "S3Client":
        """Client of S3."""
        return self._client("s3")  # type: ignore[no-any-return]

    def dynamodb(self) -> "DynamoDBClient":
        """Client of DynamoDB."""
        return self._client("dynamodb")  # type: ignore[no-any-return]

    def uploads(self) -> "S3Client":
        """Client of S3 that may write to the raw bucket: the stack's UploaderRole is assumed for it.

        The local cloud's root user can assume no role, and may write without.
        """
        if "UploaderRole" not in self.outputs or (self.cloud and is_local_root(self.session, self.cloud)):
            return self.s3()
        try:
            session = assume(self.aws("sts"), self.outputs["UploaderRole"], self.session.region_name)
        except ClientError as error:
            raise Problem(
                f"Only {self.outputs['UploaderRole']} writes to the raw bucket, and you may not assume it "
                f"({error.response['Error'].get('Message', '')}): ask for sts:AssumeRole, or to be named in "
                "the stack's parameter UploaderPrincipalArns."
            ) from error
        return client(session, "s3", self.cloud)  # type: ignore[no-any-return]

    def aws(self, service: str) -> Any:
        """Client of any service."""
        return self._client(service)

    def logs(self) -> Any:
        """Client of CloudWatch Logs."""
        return self._client("logs")

    def sagemaker(self) -> "SageMakerClient":
        """Client of SageMaker."""
        return self._client("sagemaker")  # type: ignore[no-any-return]

    def ledger(self) -> Ledger:
        """Return the stack's ledger."""
        return Ledger(self.output("LedgerTable"), self.dynamodb())

    def api(self) -> Api:
        """Return a client of the REST API."""
        return Api(self.api_url, self.session, through_proxy=self.cloud is None)

    @property
    def api_url(self) -> str:
        """Base URL of the REST API; locally one that needs no name resolution."""
        url = self.output("ApiUrl")
        if self.cloud is None:
            return url
        api_id = (urlsplit(url).hostname or "").split(".")[0]
        return f"{self.cloud.aws_url}/_aws/execute-api/{api_id}/v1"

    def told(self) -> dict[str, str]:
        """Return what outputs and parameters tell of the functions' settings."""
        told = {"stack_name": self.name, "serving_table": "not told"}
        return told | {
            _snake(name): value for name, value in {**self.outputs, **self.parameters}.items() if value
        }

    def configuration(self, column_mapping: str | None = None) -> dict[str, str]:
        """Return what the stack would configure a run with now; empty where its parameters do not tell.

        ``column_mapping`` is the one beside the file, if there is one.
        """
        try:
            return Settings.model_validate(self.told()).run_configuration(column_mapping)
        except ValidationError:
            return {}

    @property
    def log_group(self) -> str:
        """Name of the log group that the functions share."""
        return f"/retailrec/{self.name}/functions"

    @property
    def poll_seconds(self) -> float:
        """How often to look at the ledger."""
        return 3.0 if self.cloud is None else 0.3

    def pause(self) -> None:
        """Wait between two looks."""
        time.sleep(self.poll_seconds)

    @property
    def patience_seconds(self) -> float:
        """How long after an upload its run may take to appear."""
        return 180.0 if self.cloud is None else 60.0

    def _client(self, service: str) -> Any:
        return client(self.session, service, self.cloud)


def _snake(name: str) -> str:
    """Turn a parameter's name into the field of the settings that it becomes."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
