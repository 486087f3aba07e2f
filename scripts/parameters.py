"""Write the table of the template's parameters into docs/deploy.md (`make parameters`)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE, DOCS = ROOT / "template.yaml", ROOT / "docs" / "deploy.md"
HEAD = "| parameter | default | values | meaning |\n|---|---|---|---|\n"
_TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)+")

Json = Mapping[str, Any]


def table(template: Json) -> str:
    """Make the table: the parameters in the groups and the order of the template's interface."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    return HEAD + "".join(line for group in groups for line in _rows(group, template["Parameters"]))


def _rows(group: Json, parameters: Json) -> Iterator[str]:
    yield f"| **{group['Label']['default']}** | | | |\n"
    for name in group["Parameters"]:
        parameter = parameters[name]
        default = f"`{parameter['Default']}`" if parameter["Default"] != "" else ""
        meaning = parameter["Description"].strip().replace("|", "\\|").replace("*", "\\*")
        yield f"| {name} | {default} | {_values(parameter)} | {meaning} |\n"


def _values(parameter: Json) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{each}`" for each in parameter["AllowedValues"])
    return f"{parameter['MinValue']} to {parameter['MaxValue']}" if "MinValue" in parameter else ""


def with_table(text: str, template: Json) -> str:
    """Return a page with the table as the template has it."""
    written, times = _TABLE.subn(lambda _: table(template), text)
    if times != 1:
        raise SystemExit(f"{DOCS.name} has no table of parameters: it begins with\n{HEAD}")
    return written


if __name__ == "__main__":
    page = with_table(DOCS.read_text(encoding="utf-8"), yaml_parse(TEMPLATE.read_text(encoding="utf-8")))
    DOCS.write_text(page, encoding="utf-8")
