"""A laptop cloud for tests: the emulator with IAM enforced, the local SageMaker, clients of both."""

import contextlib
import copy
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from local.sagemaker.guard.keys import new_access_key, new_secret
from local.sagemaker.guard.signing import signed_headers

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).parent / "programs"
REGION = "us-east-1"
ROOT_KEY, ROOT_SECRET = new_access_key(), new_secret()
BUCKET = "laptop-data"
PATIENCE = 240.0
TRUST = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": ["sagemaker.amazonaws.com", "lambda.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }
}


def wait_until(done: Callable[[], Any]) -> Any:
    """Ask until the answer is true; a test that waits in vain fails."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := done()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return answer


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    keys = {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **keys, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def client(
    service: str, url: str, key: str = ROOT_KEY, secret: str = ROOT_SECRET, token: str | None = None
) -> Any:
    session: Any = boto3.Session(key, secret, token, REGION)
    return session.client(
        service,
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"}),
    )


def model_archive(**content: Any) -> bytes:
    data = json.dumps(content).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("model.json")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


@contextlib.contextmanager
def emulator(port: int, sagemaker_port: int, folder: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    environment = {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "AWS_ENDPOINT_URL_SAGEMAKER": f"http://127.0.0.1:{sagemaker_port}",
    }
    with running([sys.executable, "-m", "local.cloud.emulator"], environment, folder / "emulator.log"):
        wait_until(lambda: answers(f"{url}/_ministack/health"))
        yield url


@contextlib.contextmanager
def sagemaker(port: int, aws: str, folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable,
        "-m",
        "local.sagemaker",
        "--port",
        str(port),
        "--state-dir",
        str(folder / "state"),
    ]
    command += ["--aws-endpoint", aws, "--algorithm-dir", str(PROGRAMS), *options]
    with running(command, {}, folder / "sagemaker.log") as process:
        wait_until(lambda: b"ready on" in (folder / "sagemaker.log").read_bytes())
        yield process


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10, trust_env=False).is_success
    except httpx.TransportError:
        return False


def signed(method: str, url: str, content: bytes, **more: str) -> dict[str, str]:
    """Return the headers of a request that root signs."""
    return signed_headers(method, url, content, "sagemaker", REGION, ROOT_KEY, ROOT_SECRET, more)


class Laptop:
    """Clients, and the few requests that most tests begin with."""

    def __init__(self, aws: str, port: int) -> None:
        self.aws = aws
        self.s3 = client("s3", aws)
        self.iam = client("iam", aws)
        self._connect(port)
        self.s3.create_bucket(Bucket=BUCKET)
        self.role = self.make_role(
            "sagemaker-role", {"s3:ListBucket": "*", "s3:GetObject": "*", "s3:PutObject": "*"}
        )

    def _connect(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.sm = client("sagemaker", self.url)
        self.runtime = client("sagemaker-runtime", self.url)

    def second_server(self, port: int) -> "Laptop":
        """Use another local SageMaker with the same bucket and role."""
        other = copy.copy(self)
        other._connect(port)
        return other

    def make_role(self, name: str, allowed: dict[str, Any], trust: Any = TRUST) -> str:
        """Make a role that is allowed each action on its resource; returns its ARN."""
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in allowed.items()
        ]
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"][
            "Arn"
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy)
        return arn

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def admin(self, method: str, path: str, body: Any = None, status: int = 200) -> str:
        """Use a path that AWS does not have; returns the answer's text."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = signed(method, self.url + path, content)
        reply = httpx.request(
            method, self.url + path, content=content, headers=headers, timeout=PATIENCE, trust_env=False
        )
        assert reply.status_code == status, reply.text
        return reply.text

    def hold(self, kind: str) -> None:
        """Let the next job or rollout of a kind stay in its first state until ``let_go``."""
        self.admin("POST", "/_faults", {"fault": "slow", "kind": kind, "seconds": 3600})

    def let_go(self) -> None:
        """Let go what is held; no fault is left."""
        self.admin("DELETE", "/_faults")

    def training_request(self, name: str, behaviour: str = "work", **changes: Any) -> dict[str, Any]:
        """Build a CreateTrainingJob request; a change of None leaves its member out."""
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/train/"}
        request = {
            "TrainingJobName": name,
            "HyperParameters": {"behaviour": behaviour},
            "AlgorithmSpecification": {
                "TrainingImage": "registry/recommender:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": "p@k(10)", "Regex": r"p@k\(10\)=([0-9.]+)"},
                    {"Name": "loss", "Regex": r"loss: ([0-9.e-]+)"},
                ],
            },
            "RoleArn": self.role,
            "InputDataConfig": [
                {"ChannelName": "training", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
            **changes,
        }
        return {member: value for member, value in request.items() if value is not None}

    def train(self, name: str, behaviour: str = "work", **changes: Any) -> None:
        """Start a training job on one small file."""
        self.put(f"{name}/train/part 1+a.csv", "user_id,item_id\n13085,85048\n")
        self.sm.create_training_job(**self.training_request(name, behaviour, **changes))

    def tuning_request(self, name: str, **changes: Any) -> dict[str, Any]:
        """Build a CreateHyperParameterTuningJob request, for the top of a hill that is at x = 3."""
        job = self.training_request(name, "climb", TrainingJobName=None)
        algorithm = job.pop("AlgorithmSpecification") | {
            "MetricDefinitions": [{"Name": "height", "Regex": r"height: ([0-9.]+)"}]
        }
        config = {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "height"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "x", "MinValue": "0.1", "MaxValue": "10", "ScalingType": "Logarithmic"}
                ]
            },
            "RandomSeed": 7,
        }
        request = {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobConfig": config | changes.pop("config", {}),
            "TrainingJobDefinition": {
                "StaticHyperParameters": job.pop("HyperParameters") | changes.pop("fixed", {}),
                "AlgorithmSpecification": algorithm,
                **job,
                **changes.pop("definition", {}),
            },
            **changes,
        }
        return {member: value for member, value in request.items() if value is not None}

    def tune(self, name: str, **changes: Any) -> None:
        """Start a tuning job on one small file."""
        self.put(f"{name}/train/part 1+a.csv", "user_id,item_id\n13085,85048\n")
        self.sm.create_hyper_parameter_tuning_job(**self.tuning_request(name, **changes))

    def tuned(self, name: str) -> dict[str, Any]:
        """Wait for a tuning job's end and describe it."""
        return self._ended(
            lambda: self.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
            "HyperParameterTuningJobStatus",
        )

    def trials(self, name: str, **asked: Any) -> list[dict[str, Any]]:
        """List a tuning job's training jobs, in the order in which they began."""
        found: list[dict[str, Any]] = self.sm.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, MaxResults=100, **asked
        )["TrainingJobSummaries"]
        return found

    def trained(self, name: str) -> dict[str, Any]:
        """Wait for a training job's end and describe it."""
        return self._ended(lambda: self.sm.describe_training_job(TrainingJobName=name), "TrainingJobStatus")

    def transformed(self, name: str) -> dict[str, Any]:
        """Wait for a transform job's end and describe it."""
        return self._ended(
            lambda: self.sm.describe_transform_job(TransformJobName=name), "TransformJobStatus"
        )

    def settled(self, name: str) -> dict[str, Any]:
        """Wait until no operation runs on an endpoint and describe it."""
        return self._ended(lambda: self.sm.describe_endpoint(EndpointName=name), "EndpointStatus")

    @staticmethod
    def _ended(describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            description = describe()
            return (
                None
                if description[status] in ("InProgress", "Stopping", "Creating", "Updating", "SystemUpdating")
                else description
            )

        description: dict[str, Any] = wait_until(ended)
        return description

    def make_model(self, name: str, *, role: str = "", **environment: str) -> None:
        """Store an artifact that answers with the model's name as its version, and make the model."""
        self.put(f"models/{name}.tar.gz", model_archive(version=name))
        container = {
            "Image": "registry/recommender:1",
            "ModelDataUrl": f"s3://{BUCKET}/models/{name}.tar.gz",
            "Environment": environment,
        }
        self.sm.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=role or self.role)

    def make_config(self, name: str, *, role: str = "", **environment: str) -> None:
        """Make a model and a serverless endpoint configuration of the same name."""
        self.make_model(name, role=role, **environment)
        variant = {"VariantName": f"run-{name}", "ModelName": name}
        serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
        self.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{**variant, **serverless}]
        )

    def make_endpoint(self, name: str) -> dict[str, Any]:
        """Bring an endpoint into service on a configuration of its own name."""
        self.make_config(name)
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.settled(name)

    def ask(self, endpoint: str, **question: Any) -> Any:
        """Invoke an endpoint and read its JSON answer."""
        reply = self.runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=json.dumps({"user_id": "13085", **question}),
            ContentType="application/json",
            Accept="application/json",
        )
        return json.loads(reply["Body"].read())
