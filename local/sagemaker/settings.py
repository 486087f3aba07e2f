"""What the command line decides, in one typed object."""

from dataclasses import dataclass, field
from pathlib import Path

ALGORITHM_DIR = Path(__file__).parents[2] / "algorithm"


@dataclass(frozen=True)
class Settings:
    """How one local SageMaker runs; times are in seconds."""

    state_dir: Path
    aws_endpoint: str
    port: int = 4600
    container_image: str = ""  # runs in place of subprocesses, where it is named
    algorithm_dir: Path = ALGORITHM_DIR
    account: str = "000000000000"
    region: str = "us-east-1"
    root_key: str = ""
    root_secret: str = field(default="", repr=False)
    auth: bool = True
    hosts_file: Path | None = None  # lists further names by which containers ask for this server
    # Instances of one type that one kind of resource may use at once; the fault board lowers it by type.
    instance_quota: int = 100
    # SageMaker waits 120 s between SIGTERM and SIGKILL; a laptop has less patience.
    stop_grace: float = 10.0
    ping_timeout: float = 60.0
    invocation_timeout: float = 60.0

    def arn(self, kind: str, name: str) -> str:
        """Build the ARN of a SageMaker resource; ``kind`` is its ARN type, such as ``training-job``."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name}"

    def folder(self, kind: str, name: str) -> Path:
        """Folder of one resource's work; names passed the service model's pattern: they are safe in paths."""
        return self.state_dir / kind / name
