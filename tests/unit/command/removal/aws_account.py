"""An AWS account for `retailrec destroy`: moto in every region, and as much CloudFormation as it needs.

Moto's own CloudFormation is not used: it puts no stack id on buckets, and imports half of moto.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

ACCOUNT = "123456789012"
RUN = "0123456789abcdef"
LOG_ROLE = {"Version": "2012-10-17", "Statement": []}


def aws(service: str, region: str) -> Any:
    return boto3.Session(region_name=region).client(service)  # type: ignore[call-overload]


def create_bucket(name: str, region: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws("s3", region).create_bucket(Bucket=name, **place)


def tag_as_cloudformation(bucket: str, stack_id: str) -> None:
    """Put CloudFormation's tag on a bucket; nobody else may use its prefix, in moto neither."""
    s3_backends[ACCOUNT]["aws"].put_bucket_tagging(bucket, {"aws:cloudformation:stack-id": stack_id})


@dataclass
class FakeStack:
    """One stack, deleted or not, and the physical ids of its resources."""

    name: str
    id: str
    resources: dict[str, dict[str, str]]
    status: str = "CREATE_COMPLETE"
    description: str = "retailrec - drop a retail transaction file into S3, get a recommendation API."
    parameters: list[str] = field(default_factory=list)
    protected: bool = False
    fails_to_delete: str = ""


class Client:
    """What fakes of clients have in common: paginators with one page."""

    def get_paginator(self, operation: str) -> Any:
        ask = getattr(self, operation)
        return type("Pages", (), {"paginate": lambda _self, **asked: [ask(**asked)]})()


@dataclass
class FakeCloudFormation(Client):
    """CloudFormation in one region: a deleted stack is found by its id alone, as on AWS."""

    region: str
    stacks: list[FakeStack] = field(default_factory=list)

    def _find(self, which: str) -> FakeStack:
        for stack in self.stacks:
            if which == stack.id or (which == stack.name and stack.status != "DELETE_COMPLETE"):
                return stack
        message = f"Stack with id {which} does not exist"
        raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        stack = self._find(StackName)
        described = {
            "StackName": stack.name, "StackId": stack.id, "StackStatus": stack.status,
            "Description": stack.description, "EnableTerminationProtection": stack.protected,
            "Parameters": [{"ParameterKey": each, "ParameterValue": ""} for each in stack.parameters],
        }  # fmt: skip
        return {"Stacks": [described]}

    def list_stacks(self, StackStatusFilter: list[str]) -> Any:  # noqa: N803
        listed = [
            {"StackName": stack.name, "StackId": stack.id, "StackStatus": stack.status}
            for stack in self.stacks
            if stack.status in StackStatusFilter
        ]
        return {"StackSummaries": listed}

    def list_stack_resources(self, StackName: str) -> Any:  # noqa: N803
        resources = self._find(StackName).resources
        return {
            "StackResourceSummaries": [
                {"LogicalResourceId": name, **each} for name, each in resources.items()
            ]
        }

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        stack = self._find(StackName)
        if stack.fails_to_delete:
            stack.status = "DELETE_FAILED"
            stack.resources[stack.fails_to_delete] |= {
                "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "Access Denied",
            }  # fmt: skip
            return
        stack.status = "DELETE_COMPLETE"
        for name, resource in stack.resources.items():
            kept = name in {"RawBucket", "DataBucket", "ApiLogsRole"}
            resource["ResourceStatus"] = "DELETE_SKIPPED" if kept else "DELETE_COMPLETE"
            if resource["ResourceType"] == "AWS::Logs::LogGroup":
                aws("logs", self.region).delete_log_group(logGroupName=resource["PhysicalResourceId"])


class FakeGateway(Client):
    """API Gateway of one region: the account's role for logs, and the ids of its other APIs."""

    def __init__(self) -> None:
        self.role, self.rest_apis, self.websocket_apis = "", list[str](), list[str]()

    def get_account(self) -> Any:
        return {"cloudwatchRoleArn": self.role} if self.role else {}

    def update_account(self, patchOperations: list[dict[str, str]]) -> None:  # noqa: N803
        (change,) = patchOperations
        assert (change["op"], change["path"]) == ("replace", "/cloudwatchRoleArn")
        self.role = change["value"]

    def get_rest_apis(self) -> Any:
        return {"items": [{"id": each} for each in self.rest_apis]}

    def get_apis(self) -> Any:
        return {"Items": [{"ApiId": each, "ProtocolType": "WEBSOCKET"} for each in self.websocket_apis]}


class Account:
    """The account: regions with their stacks, and the client of a service in a region."""

    def __init__(self) -> None:
        self.formations: dict[str, FakeCloudFormation] = {}
        self.gateways: dict[str, FakeGateway] = {}
        self.of_any_owner = set[str]()  # operations on a bucket that would be done to any account's
        self.refuse: dict[str, set[str]] = {}  # operations, and on which roles and buckets they are refused
        self._made = 0

    def client(self, service: str, region: str) -> Any:
        if service == "cloudformation":
            return self.formation(region)
        if service in {"apigateway", "apigatewayv2"}:
            return self.gateways.setdefault(region, FakeGateway())
        made = aws(service, region)
        made.meta.events.register("provide-client-params", self._authorize)
        return made

    def _authorize(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if "Bucket" in params and params.get("ExpectedBucketOwner") != ACCOUNT:
            self.of_any_owner.add(model.name)
        if {params.get("RoleName"), params.get("Bucket")} & self.refuse.get(model.name, set()):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, model.name)

    def formation(self, region: str) -> FakeCloudFormation:
        return self.formations.setdefault(region, FakeCloudFormation(region))

    def deploy(self, name: str, region: str, tag: bool = True) -> FakeStack:
        """Create a stack as CloudFormation does with the template: random ends of names, and tags."""
        self._made += 1
        end = f"{self._made:012x}"
        stack_id = f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/{end}"
        stack = FakeStack(name, stack_id, {})
        s3, iam, logs = aws("s3", region), aws("iam", region), aws("logs", region)
        for logical in ("RawBucket", "DataBucket"):
            bucket = f"{name}-{logical}-{end}".lower()
            place = (
                {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            )
            s3.create_bucket(Bucket=bucket, **place)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            tag_as_cloudformation(bucket, stack_id)
            s3.put_object(Bucket=bucket, Key="file.csv", Body=b"precious")
            self._add(stack, logical, "AWS::S3::Bucket", bucket)
        role = f"{name}-ApiLogsRole-{end}"
        iam.create_role(
            RoleName=role, AssumeRolePolicyDocument="{}",
            Tags=[{"Key": "retailrec:stack-id", "Value": stack_id}] if tag else [],
        )  # fmt: skip
        self._add(stack, "ApiLogsRole", "AWS::IAM::Role", role)
        gateway = self.client("apigateway", region)
        gateway.role = gateway.role or f"arn:aws:iam::{ACCOUNT}:role/{role}"
        group = f"/retailrec/{name}/functions"
        logs.create_log_group(logGroupName=group, tags={"aws:cloudformation:stack-id": stack_id})
        self._add(stack, "LogGroup", "AWS::Logs::LogGroup", group)
        self._add(stack, "LedgerTable", "AWS::DynamoDB::Table", f"{name}-LedgerTable-{end}")
        self._add(stack, "Api", "AWS::ApiGateway::RestApi", f"api{self._made}")
        self.formation(region).stacks.append(stack)
        return stack

    @staticmethod
    def _add(stack: FakeStack, logical: str, kind: str, physical: str) -> None:
        stack.resources[logical] = {
            "ResourceType": kind, "PhysicalResourceId": physical, "ResourceStatus": "CREATE_COMPLETE",
        }  # fmt: skip

    def go_live(self, name: str, region: str, run: str = RUN, owner: str | None = None) -> None:
        """Create in SageMaker what a live run of a stack has there, and the logs of its jobs."""
        sagemaker, logs = aws("sagemaker", region), aws("logs", region)
        tags = [{"Key": "retailrec:stack", "Value": owner or name}, {"Key": "retailrec:run-id", "Value": run}]
        resource = f"{name}-{run}"
        sagemaker.create_model(
            ModelName=resource, ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/sagemaker",
            PrimaryContainer={"Image": f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/retailrec:1"}, Tags=tags,
        )  # fmt: skip
        variant = {
            "VariantName": f"run-{run}", "ModelName": resource, "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }  # fmt: skip
        sagemaker.create_endpoint_config(EndpointConfigName=resource, ProductionVariants=[variant], Tags=tags)
        sagemaker.create_endpoint(EndpointName=f"{name}-endpoint", EndpointConfigName=resource, Tags=tags[:1])
        sagemaker.create_training_job(
            TrainingJobName=resource, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/sagemaker", Tags=tags,
            AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://bucket/prefix"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )  # fmt: skip
        for group, stream in (
            ("/aws/sagemaker/TrainingJobs", f"{resource}/algo-1-1"),
            (f"/aws/sagemaker/Endpoints/{name}-endpoint", f"run-{run}/i-0"),
        ):
            known = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
            if not known:
                logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName=stream)

    def buckets(self) -> set[str]:
        return {each["Name"] for each in aws("s3", "us-east-1").list_buckets()["Buckets"]}

    def roles(self) -> set[str]:
        return {each["RoleName"] for each in aws("iam", "us-east-1").list_roles()["Roles"]}

    def in_sagemaker(self, region: str) -> set[str]:
        sagemaker = aws("sagemaker", region)
        return {
            *(each["ModelName"] for each in sagemaker.list_models()["Models"]),
            *(each["EndpointConfigName"] for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]),
            *(each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]),
        }

    def log_groups(self, region: str) -> set[str]:
        return {each["logGroupName"] for each in aws("logs", region).describe_log_groups()["logGroups"]}

    def streams(self, region: str, group: str = "/aws/sagemaker/TrainingJobs") -> set[str]:
        found = aws("logs", region).describe_log_streams(logGroupName=group)["logStreams"]
        return {each["logStreamName"] for each in found}


def objects(bucket: str, region: str) -> Iterator[str]:
    for version in aws("s3", region).list_object_versions(Bucket=bucket).get("Versions", []):
        yield version["Key"]
