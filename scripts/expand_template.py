"""Expand template.yaml as AWS SAM does at deployment, offline, to what CloudFormation gets.

Run as a program with the path of a file, it writes the expanded template there.
"""

import json
import sys
from pathlib import Path
from typing import Any

from boto3 import Session
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"
# SAM refuses local paths, which `sam package` replaces by addresses like this one.
PACKAGED = "s3://packaged/by-sam"


def expand(template: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """Return the template as CloudFormation gets it."""
    document = yaml_parse(template.read_text(encoding="utf-8"))
    document["Globals"]["Function"]["CodeUri"] = PACKAGED
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = PACKAGED
    # No policy is named without its ARN, so SAM needs no list of them from IAM.
    translator = Translator({}, Parser(), boto_session=Session(region_name=REGION))
    expanded: dict[str, Any] = translator.translate(document, {})
    return expanded


def main(target: Path) -> None:
    """Write the expanded template to a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(expand(), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
