"""Lays out the folder that a training container sees as /opt/ml.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import json
import shutil
from pathlib import Path

from local.sagemaker.account.records import Document
from local.sagemaker.errors import MAX_FAILURE_REASON

HOST = "algo-1"


class MlFolder:
    """Paths below the base, and the files that SageMaker puts there."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.model = base / "model"
        self.output_data = base / "output" / "data"

    def channel(self, name: str) -> Path:
        """Folder of one channel's files."""
        return self.base / "input" / "data" / name

    def lay_out(self, request: Document) -> None:
        """Create the folder again, with the configuration of one training job."""
        shutil.rmtree(self.base, ignore_errors=True)
        for folder in (self.model, self.output_data, self.base / "code"):
            folder.mkdir(parents=True)
        config = self.base / "input" / "config"
        config.mkdir(parents=True)
        files = {
            "hyperparameters.json": request.get("HyperParameters", {}),
            "inputdataconfig.json": _channels(request),
            "resourceconfig.json": _resources(request["ResourceConfig"]),
        }
        for name, content in files.items():
            (config / name).write_text(json.dumps(content))

    def failure(self) -> str:
        """Read what the program wrote as its reason to fail; empty when it wrote none."""
        path = self.base / "output" / "failure"
        if not path.is_file():
            return ""
        return path.read_text(errors="replace")[:MAX_FAILURE_REASON].strip()

    def remove(self) -> None:
        """Free the disk: what a finished job leaves is in S3."""
        shutil.rmtree(self.base, ignore_errors=True)


def _channels(request: Document) -> Document:
    mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    return {channel["ChannelName"]: _channel(channel, mode) for channel in request.get("InputDataConfig", [])}


def _channel(channel: Document, mode: str) -> Document:
    source = channel["DataSource"]["S3DataSource"]
    description = {
        "TrainingInputMode": channel.get("InputMode", mode),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        "ContentType": channel.get("ContentType"),
    }
    return {name: value for name, value in description.items() if value is not None}


def _resources(config: Document) -> Document:
    group = {
        "instance_group_name": "homogeneousCluster",
        "instance_type": config["InstanceType"],
        "hosts": [HOST],
    }
    return {
        "current_host": HOST,
        "current_instance_type": config["InstanceType"],
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
