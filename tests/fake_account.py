"""An AWS account that a test sets up, behind boto3's clients: botocore validates requests and answers."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.validate import validate_parameters

from tests.fake_quotas import FakeQuotas

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/deployer"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
Answer = Callable[[dict[str, Any]], dict[str, Any]]


class Refused(Exception):
    """An error that AWS answers: its code, its message, and the status of HTTP."""

    def __init__(self, code: str, message: str = "no", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class _Http(NamedTuple):
    status_code: int


def refuse(code: str, message: str = "no", status: int = 400) -> Answer:
    """Return an answer that is an error."""

    def answer(_asked: dict[str, Any]) -> dict[str, Any]:
        raise Refused(code, message, status)

    return answer


class FakeAccount:
    """A new account with the permissions and the quotas that a deployment needs, and the image in ECR."""

    def __init__(self, region: str = "eu-west-1") -> None:
        self.region = region
        self.quotas = FakeQuotas()
        self.asked: list[str] = []
        self.denied: set[str] = set()
        self.answers: dict[str, Answer] = {
            "GetCallerIdentity": lambda _: {"Arn": USER, "Account": ACCOUNT, "UserId": "AIDAEXAMPLE"},
            "ListEndpoints": lambda _: {"Endpoints": []},
            "DescribeEndpoint": refuse("ValidationException", "Could not find endpoint."),
            "DescribeStacks": lambda asked: refuse(
                "ValidationError", f"Stack with id {asked['StackName']} does not exist"
            )({}),
            "DescribeLogGroups": lambda _: {"logGroups": []},
            "DescribeEventBus": refuse("ResourceNotFoundException"),
            "HeadBucket": lambda _: {},
            "DescribeImages": lambda _: {"imageDetails": [{"imageManifestMediaType": DOCKER}]},
            "ListServiceQuotas": lambda _: _listed(self.quotas.values),
            "ListAWSDefaultServiceQuotas": lambda _: _listed(self.quotas.defaults),
            "GetAccountSettings": lambda _: {"AccountLimit": {"ConcurrentExecutions": 1_000}},
            "SimulatePrincipalPolicy": self._simulate,
            "GetRole": lambda asked: {
                "Role": _identity("Role", f"role/aws-reserved/{asked['RoleName']}", asked["RoleName"])
            },
            "GetUser": lambda asked: {
                "User": _identity("User", f"user/{asked['UserName']}", asked["UserName"])
            },
            "GetAccount": lambda _: {},
        }

    def client(self, service: str) -> Any:
        """Return boto3's client of a service, which reaches this account."""
        made = _client(service, self.region)
        asked: dict[str, Any] = {}
        handlers = {
            "provide-client-params": lambda params, **_: asked.update(given=params),
            "before-call": lambda model, **_: self._answer(model, asked["given"]),
        }
        for (
            event,
            handler,
        ) in handlers.items():  # the client is kept: the account before this one let go of it
            made.meta.events.unregister(event, unique_id=f"fake-{event}")
            made.meta.events.register(event, handler, unique_id=f"fake-{event}")
        return made

    def _answer(self, model: Any, given: dict[str, Any]) -> tuple[_Http, dict[str, Any]]:
        self.asked.append(model.name)
        try:
            answer = self.answers[model.name](given)
        except Refused as refused:
            error = {"Code": refused.code, "Message": refused.message}
            return _Http(refused.status), {"Error": error, "ResponseMetadata": {}}
        if model.output_shape:
            validate_parameters(answer, model.output_shape)
        return _Http(200), {**answer, "ResponseMetadata": {}}

    def _simulate(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "implicitDeny" if action in self.denied else "allowed",
                }
                for action in asked["ActionNames"]
            ],
            "IsTruncated": False,
        }


def _listed(values: dict[str, float]) -> dict[str, Any]:
    return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in values.items()]}


def _identity(kind: str, path: str, name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:{path}"
    made = "2026-01-01T00:00:00Z"
    return {
        "Path": "/",
        f"{kind}Name": name,
        f"{kind}Id": "AROAEXAMPLEEXAMPLE",
        "Arn": arn,
        "CreateDate": made,
    }


@cache
def _session() -> boto3.Session:
    return boto3.Session("key", "secret")


@cache
def _client(service: str, region: str) -> Any:
    return _session().client(service, region)  # type: ignore[call-overload]
