"""The folders that SageMaker mounts and reads, below one base folder."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_BASE = "/opt/ml"


@dataclass(frozen=True)
class Folders:
    """Paths below the base folder, which is ``/opt/ml`` in SageMaker and any folder elsewhere."""

    base: Path

    @classmethod
    def from_environment(cls) -> "Folders":
        """Take the base folder from ``SAGEMAKER_BASE_DIR``."""
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR") or DEFAULT_BASE))

    @property
    def configuration(self) -> Path:
        """Folder of hyperparameters.json, inputdataconfig.json and resourceconfig.json."""
        return self.base / "input" / "config"

    def channel(self, name: str) -> Path:
        """Folder of one input channel; absent when the job has no such channel."""
        return self.base / "input" / "data" / name

    @property
    def model(self) -> Path:
        """Folder that SageMaker packs into model.tar.gz, and unpacks again for serving."""
        return self.base / "model"

    @property
    def checkpoints(self) -> Path:
        """Folder that SageMaker synchronizes with S3; absent when the job has no CheckpointConfig."""
        return self.base / "checkpoints"

    @property
    def failure(self) -> Path:
        """File whose first 1,024 characters become the job's FailureReason."""
        return self.base / "output" / "failure"
