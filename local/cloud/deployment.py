"""Our template onto the cloud, by the real `sam build` and `sam deploy`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.config import Config

from local.cloud import processes
from local.cloud.errors import CloudError, log_tail
from local.cloud.services import client_environment
from local.cloud.state import REPOSITORY, ROOT_KEY, Running

ARTIFACTS_BUCKET = "retailrec-artifacts"
# The local SageMaker runs the programs in algorithm/ whatever the image is called.
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:local"


def build(state: Running) -> None:
    """Build the application, without the packages that a laptop takes from its own environment."""
    _sam(state, "build", ["--build-dir", str(_build_dir(state)), "--base-dir", str(REPOSITORY)])


def deploy(state: Running) -> None:
    """Deploy the built application as the stack of this cloud."""
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=state.region)
    s3 = session.client("s3", endpoint_url=state.aws_url, config=Config(proxies={}))
    s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    arguments = ["--template-file", str(_build_dir(state) / "template.yaml"), "--stack-name", state.stack]
    arguments += ["--s3-bucket", ARTIFACTS_BUCKET, "--no-resolve-s3", "--no-confirm-changeset"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "--no-progressbar"]
    arguments += ["--parameter-overrides", f"AlgorithmImageUri={IMAGE}"]
    _sam(state, "deploy", arguments)


def _build_dir(state: Running) -> Path:
    return state.state_dir / "sam-build"


def _sam(state: Running, verb: str, arguments: Sequence[str]) -> None:
    program = REPOSITORY / ".venv-sam" / "bin" / "sam"
    command = str(program) if program.exists() else shutil.which("sam")
    if command is None:
        raise CloudError("The AWS SAM CLI is missing: run `make setup`.")
    log = state.state_dir / f"sam-{verb}.log"
    log.unlink(missing_ok=True)
    environment = client_environment(state) | {
        "RETAILREC_LAPTOP": "1",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
    }
    with processes.interrupts_held():
        pid = processes.start([command, verb, *arguments], environment, log, REPOSITORY)
        state.with_process("sam", pid, processes.birth(pid))  # for `down`, should this process be killed
    try:
        code = processes.wait(pid)
    except BaseException:
        processes.stop(pid)
        raise
    finally:
        state.save()
    if code:
        raise CloudError(f"`sam {verb}` failed. The end of {log}:\n{log_tail(log)}")
