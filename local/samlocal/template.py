"""The built template, with the environment that the functions have in a cloud that is up."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Variables = Mapping[str, Mapping[str, str]]  # by logical id

_PATHS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def with_environment(built: Json, variables: Variables, folder: Path) -> Json:
    """Return a template for `sam local`: real code, layers and limits, and each function's environment.

    `sam local` resolves no reference to a bucket or table, and passes only variables
    that the template declares: here each is declared, with its value. ``folder`` is
    where the build is, as seen from the template that is to be written.
    """
    made = copy.deepcopy(built)
    # Rules and conditions concern a deployment; the variables of all functions stand with each of them.
    for section in ("Rules", "Outputs", "Metadata"):
        made.pop(section, None)
    made["Globals"]["Function"].pop("Environment", None)
    for name, resource in made["Resources"].items():
        properties = resource.get("Properties", {})
        path = _PATHS.get(resource["Type"])
        if path:
            properties[path] = str(folder / properties[path])
        if name in variables:
            properties["Environment"] = {"Variables": dict(variables[name])}
    return made


def function_names(built: Json, stack: str) -> Iterator[tuple[str, str]]:
    """Yield the logical id and the deployed name of every function."""
    for logical_id, resource in built["Resources"].items():
        # One on a condition is deployed with a Marketplace algorithm alone, and wakes at a deployment.
        if resource["Type"] == "AWS::Serverless::Function" and "Condition" not in resource:
            name = resource["Properties"]["FunctionName"]
            yield logical_id, name["Fn::Sub"].replace("${AWS::StackName}", stack)
