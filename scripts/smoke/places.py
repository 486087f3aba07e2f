"""The place that a smoke test deploys to: an account of AWS, by the same programs that a person uses."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.cloud.deployment import sam_program
from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session, client
from retailrec.client.stack import Stack
from retailrec.commands.push import push_folder
from retailrec.removal.identity import Client

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "retailrec-algorithm"
# Small models train in seconds; their quality is not what is tested.
PARAMETERS: Mapping[str, str] = {
    "Factors": "32",
    "Iterations": "20",
    "QualityFloor": "0",
    "CoverageFloor": "0",
}
_LAST_LINES = 30


class Aws:
    """A region of the account that the environment's credentials are of."""

    #: Whether CloudWatch keeps what the functions emit, and SageMaker's own log groups and metrics are there.
    has_metrics = True
    #: Seconds between two looks, and until what should happen has happened.
    pause, patience = 10.0, 900.0

    def __init__(self, stack: str, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self._session = aws_session()
        if self._session.region_name is None:
            raise Problem("No region is chosen: set AWS_REGION, or `aws configure set region NAME`.")

    @property
    def region(self) -> str:
        """Name of the region."""
        return str(self._session.region_name)

    @property
    def client(self) -> Client:
        """Function that makes clients of services."""
        return lambda service: client(self._session, service, None)

    def open(self) -> Stack:
        """Open the deployed stack."""
        return Stack.open(self.stack)

    def push(self) -> str:
        """Build and push the image; return its address."""
        from retailrec.image.tag import content_tag

        folder = ROOT / "algorithm"
        ecr: Any = self._session.client("ecr")
        return push_folder(ecr, REPOSITORY, content_tag(folder), folder)

    def build(self) -> None:
        """Build the application with SAM."""
        self._sam("build", "--build-dir", str(self.folder / "build"), "--base-dir", str(ROOT), "--parallel")

    def deploy(self, image: str) -> None:
        """Deploy the built application with SAM; what SAM asks is answered."""
        chosen = {**PARAMETERS, "AlgorithmImageUri": image}
        self._sam(
            "deploy", "--template-file", str(self.folder / "build" / "template.yaml"),
            "--stack-name", self.stack, "--region", self.region, "--resolve-s3", "--s3-prefix", self.stack,
            "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar",
            "--parameter-overrides", *(f"{name}={value}" for name, value in chosen.items()),
        )  # fmt: skip

    def _sam(self, *arguments: str) -> None:
        # Not with the repository's samconfig.toml: what `sam deploy --guided` saved there, a profile or a
        # bucket among it, is of another stack.
        own = self.folder / "samconfig.toml"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text("version = 0.1\n", encoding="utf-8")
        command = [sam_program(), *arguments, "--config-file", str(own)]
        _run(command, self.folder / f"sam-{arguments[0]}.log")


def _run(command: Sequence[str], log: Path) -> None:
    """Run a program, its output in a log; raises Problem with the end of it when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        ended = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        lines = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8")).splitlines()
        raise Problem("\n".join([f"`{' '.join(command[:2])}` failed:", *lines[-_LAST_LINES:]]))
