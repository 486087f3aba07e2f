"""The template as plain data, and the functions' environment as the template would set it."""

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from retailrec_shared.core.settings import Settings
from scripts.expand_template import expand

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    "STACK_NAME": "retailrec",
    "RAW_BUCKET": "raw",
    "DATA_BUCKET": "data",
    "LEDGER_TABLE": "ledger",
    "SERVING_TABLE": "serving",
    "EVENT_BUS": "retailrec",
    "SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker",
    "ALGORITHM_IMAGE_URI": "123456789012.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:1",
}


CONFIGURATION = {
    "algorithm": ENVIRONMENT["ALGORITHM_IMAGE_URI"],
    "factors": "100",
    "iterations": "100",
    "learning_rate": "0.01",
    "regularization": "0.01",
}


def settings(**changes: object) -> Settings:
    """Make settings of that environment with some changes."""
    return Settings.model_validate({name.lower(): value for name, value in ENVIRONMENT.items()} | changes)


@cache
def read_template() -> dict[str, Any]:
    """Read template.yaml, its short intrinsic functions spelled out."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


@cache
def read_expanded_template() -> dict[str, Any]:
    """Return what SAM makes of template.yaml for CloudFormation."""
    return expand()
