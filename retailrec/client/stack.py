"""A stack: that of the local cloud, or one on AWS."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError
from pydantic import ValidationError

from retailrec.client import laptop
from retailrec.client.api import Api
from retailrec.client.place import Place
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
    """One stack: its clients, its outputs and parameters, and its API."""

    name: str
    session: boto3.Session
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    cloud: "Running | None" = None
    created: datetime | None = None

    @classmethod
    def open(cls, name: str | None, region: str | None = None, profile: str | None = None) -> Self:
        """Open the named stack on AWS, or else the local one; raises Problem if it does not exist.

        Without ``region`` and ``profile``, the command line's and the environment's are used.
        """
        if name:
            return cls._open(name, aws_session(Place(region, profile)), None)
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
                f"There is no stack {name!r} in {session.region_name}: check the name, or name another "
                "region with --region."
            ) from error
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
        return cls(name, session, outputs, parameters, cloud, found.get("CreationTime"))

    def output(self, name: str) -> str:
        """Return an output; raises Problem for a stack without it."""
        if name not in self.outputs:
            raise Problem(
                f"The stack {self.name!r} has no output {name}: check that it is a complete stack of "
                "retailrec."
            )
        return self.outputs[name]

    def s3(self) -> "S3Client":
        """Client of S3."""
        return self._client("s3")  # type: ignore[no-any-return]

    def dynamodb(self) -> "DynamoDBClient":
        """Client of DynamoDB."""
        return self._client("dynamodb")  # type: ignore[no-any-return]

    def uploads(self) -> "S3Client":
        """Client of S3 that may write to the raw bucket, with the stack's UploaderRole.

        On the local cloud the root user cannot assume a role, and needs none to write.
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
        """Base URL of the REST API; the local one needs no name resolution."""
        url = self.output("ApiUrl")
        if self.cloud is None:
            return url
        api_id = (urlsplit(url).hostname or "").split(".")[0]
        return f"{self.cloud.aws_url}/_aws/execute-api/{api_id}/v1"

    def known_settings(self) -> dict[str, str]:
        """Return the functions' settings that are known from outputs and parameters."""
        known = {"stack_name": self.name, "serving_table": "not known"}
        return known | {
            _snake(name): value for name, value in {**self.outputs, **self.parameters}.items() if value
        }

    def configuration(self, column_mapping: str | None = None) -> dict[str, str]:
        """Return the configuration that the stack gives a run now; empty where its parameters are not known.

        ``column_mapping`` is that of the file, if it has one.
        """
        try:
            return Settings.model_validate(self.known_settings()).run_configuration(column_mapping)
        except ValidationError:
            return {}

    @property
    def log_group(self) -> str:
        """Name of the log group that the functions share."""
        return f"/retailrec/{self.name}/functions"

    @property
    def poll_seconds(self) -> float:
        """Seconds between two reads of the ledger."""
        return 3.0 if self.cloud is None else 0.3

    def pause(self) -> None:
        """Wait between two reads."""
        time.sleep(self.poll_seconds)

    def _client(self, service: str) -> Any:
        return client(self.session, service, self.cloud)


def _snake(name: str) -> str:
    """Return the name of the settings' field for a parameter."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
