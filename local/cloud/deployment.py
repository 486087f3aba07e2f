"""Builds and deploys the template to the local cloud, by the real `sam build` and `sam deploy`."""

import contextlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud import builds, processes
from local.cloud.errors import CloudError, log_tail
from local.cloud.services import client_environment
from local.cloud.state import REPOSITORY, Running

ARTIFACTS_BUCKET = "retailrec-artifacts"
# The local SageMaker runs the programs in algorithm/ whatever the image is called.
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:local"


def build(state: Running) -> None:
    """Build the application, without the packages that a laptop takes from its own environment.

    An earlier build of the same sources is reused.
    """
    target, key = _build_dir(state), builds.key()
    shutil.rmtree(target, ignore_errors=True)
    if builds.restore(key, target):
        return
    _sam(state, "build", _to(target), {"RETAILREC_LAPTOP": "1"})
    if builds.key() == key:  # no source was edited in the meantime
        with contextlib.suppress(OSError):  # a full disk: the build itself is there
            builds.store(key, target)


def build_for_lambda(state: Running, folder: Path) -> None:
    """Build the application as it goes to AWS, with every package."""
    _sam(state, "build", _to(folder))


def deploy(state: Running) -> None:
    """Deploy the built application as the stack of this cloud."""
    session = boto3.Session(state.access_key, state.secret_key, region_name=state.region)
    s3 = session.client("s3", endpoint_url=state.aws_url, config=Config(proxies={}))
    s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    arguments = ["--template-file", str(_build_dir(state) / "template.yaml"), "--stack-name", state.stack]
    arguments += ["--s3-bucket", ARTIFACTS_BUCKET, "--no-resolve-s3", "--no-confirm-changeset"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "--no-progressbar"]
    arguments += ["--parameter-overrides", f"file://{write_parameters(state)}"]
    try:
        _sam(state, "deploy", arguments)
    except CloudError as error:
        raise CloudError(f"{error}\n{_why(session, state)}".strip()) from error


def _why(session: boto3.Session, state: Running) -> str:
    """Find the first reason for a failed deployment, which is far above the end of sam's log."""
    formation = session.client(
        "cloudformation", endpoint_url=state.aws_url, config=Config(proxies={}, read_timeout=10)
    )
    try:
        events = formation.describe_stack_events(StackName=state.stack)["StackEvents"]
    except (BotoCoreError, ClientError):
        return ""
    failed = [each for each in events if each.get("ResourceStatus", "").endswith("_FAILED")]
    return next((why for each in reversed(failed) if (why := each.get("ResourceStatusReason"))), "")


def write_parameters(state: Running) -> Path:
    """Write the stack's parameters to a file, where no shell's quotes can change them."""
    algorithm = {"AlgorithmArn": state.algorithm_arn} if state.algorithm_arn else {"AlgorithmImageUri": IMAGE}
    path = state.state_dir / "parameters.yaml"
    # JSON is YAML. sam removes a backslash before each blank and quote, twice.
    values = {name: re.sub(r"\\(?=[ \"'])", r"\\\\\\", value) for name, value in state.parameters.items()}
    path.write_text(json.dumps({**values, **algorithm}))
    return path


def _build_dir(state: Running) -> Path:
    return state.state_dir / "sam-build"


def _to(folder: Path) -> list[str]:
    return ["--build-dir", str(folder), "--base-dir", str(REPOSITORY)]


def sam_program() -> str:
    """Return the path of the SAM CLI; raises CloudError where there is none."""
    program = REPOSITORY / ".venv-sam" / "bin" / "sam"
    command = str(program) if program.exists() else shutil.which("sam")
    if command is None:
        raise CloudError("The AWS SAM CLI is missing: run `make setup`.")
    return command


def _sam(state: Running, verb: str, arguments: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    command = sam_program()
    log = state.state_dir / f"sam-{verb}.log"
    log.unlink(missing_ok=True)
    environment = client_environment(state) | {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        **(more or {}),
    }
    with processes.interrupts_held():
        pid = processes.start([command, verb, *arguments], environment, log, REPOSITORY)
        state.with_process("sam", pid, processes.start_time(pid))  # for `down`, should this process be killed
    try:
        code = processes.wait(pid)
    except BaseException:
        processes.stop(pid)
        raise
    finally:
        state.save()
    if code:
        raise CloudError(f"`sam {verb}` failed. The end of {log}:\n{log_tail(log)}")
