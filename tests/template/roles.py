"""Who may do what, read from the template: the table in docs/security.md.

Run as a program (``python -m tests.template.roles``), it writes the table there.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.environment import read_template

RESOURCES: dict[str, dict[str, Any]] = read_template()["Resources"]


def granted(name: str) -> Iterator[dict[str, Any]]:
    """Yield the statements of a function's or a role's policies that allow something."""
    properties = RESOURCES[name]["Properties"]
    for policy in properties.get("Policies", []):
        for statement in policy.get("PolicyDocument", policy)["Statement"]:
            if statement["Effect"] == "Allow":
                yield statement


def table() -> str:
    """Write the table: one line per function or role, its actions by what they are on."""
    lines = ["| who | may |", "|---|---|"]
    for name, resource in RESOURCES.items():
        if resource["Type"] in {"AWS::Serverless::Function", "AWS::IAM::Role"}:
            said = "; ".join(_say(statement) for statement in granted(name))
            lines.append(f"| {name.removesuffix('Function')} | {said or _managed(resource)} |")
    return "\n".join(lines)


def _managed(resource: dict[str, Any]) -> str:
    arns = resource["Properties"].get("ManagedPolicyArns", [])
    return "AWS's policy " + ", ".join(arn["Fn::Sub"].rsplit("/", 1)[-1] for arn in arns)


def _say(statement: dict[str, Any]) -> str:
    actions = _listed(statement["Action"])
    resources = ", ".join(f"`{_place(resource)}`" for resource in _listed(statement["Resource"]))
    return f"{', '.join(actions)} on {resources}"


def _place(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return str(resource["Ref"])
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text = str(resource["Fn::Sub"]).replace("${AWS::StackName}", "STACK").replace(".Arn}", "}")
    text = re.sub(r"\$\{AWS::(Partition|Region|AccountId)\}", "x", text)
    if text.startswith("arn:"):
        text = text.split(":", 5)[-1]
    return text.replace("${", "").replace("}", "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    """Put the table into docs/security.md in place of the one there."""
    path = Path(__file__).parents[2] / "docs" / "security.md"
    before, _, rest = path.read_text().partition("| who | may |\n")
    after = rest[rest.index("\n\n") :]
    path.write_text(before + table() + after)


if __name__ == "__main__":
    main()
