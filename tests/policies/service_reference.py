"""AWS's service authorization reference, as cfn-lint brings it: actions, their resources and ARNs."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def _services() -> Mapping[str, Any]:
    package = find_spec("cfnlint")  # found and not imported, which would take seconds
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def resource_types(action: str) -> set[str]:
    """Return the kinds of resources that an action takes, if it takes any; raises KeyError."""
    service, name = action.split(":")
    return set(_services()[service]["Actions"][name.lower()].get("Resources", []))


def arn_patterns(action: str) -> list[str]:
    """Return a regular expression for each ARN that an action takes."""
    kinds = _services()[action.split(":")[0]]["Resources"]
    return [
        pattern.replace("${Partition}", "aws").replace("${Region}", "[^:]*").replace("${Account}", "[^:]*")
        for kind in sorted(resource_types(action))
        for pattern in kinds[kind]["ARNFormats"]
    ]
