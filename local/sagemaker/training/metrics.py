"""Reads metrics from a program's output, by the request's MetricDefinitions."""

import math
import re

from local.sagemaker.account.records import Document, now
from local.sagemaker.errors import validation


class MetricScanner:
    """Watches lines go by and keeps the last value of each metric."""

    def __init__(self, definitions: list[Document]) -> None:
        self._patterns = [(definition["Name"], compiled(definition)) for definition in definitions]
        self._last: dict[str, Document] = {}

    @property
    def defined(self) -> bool:
        """Return whether there is any metric to look for."""
        return bool(self._patterns)

    def read(self, line: str) -> list[tuple[str, float]]:
        """Look for every metric in a line, and return what was found; a regex's first group is the value."""
        seen = []
        for name, pattern in self._patterns:
            for found in pattern.finditer(line):
                value = _number(found[1])
                if value is not None:
                    self._last[name] = {"MetricName": name, "Value": value, "Timestamp": now()}
                    seen.append((name, value))
        return seen

    def final(self) -> list[Document]:
        """Return FinalMetricDataList: the last value of each metric that was seen."""
        return list(self._last.values())


def compiled(definition: Document) -> re.Pattern[str]:
    """Compile a definition's regex, which must have a group for the value."""
    try:
        pattern = re.compile(definition["Regex"])
    except re.error as error:
        raise validation(f"Invalid regex for metric {definition['Name']}: {error}") from error
    if pattern.groups < 1:
        raise validation(f"The regex for metric {definition['Name']} must have a capturing group.")
    return pattern


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
