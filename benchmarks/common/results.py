"""Writes the results of a benchmark."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console


def write_result(result: Mapping[str, Any], path: Path, screen: Console) -> None:
    """Write a benchmark's numbers as JSON, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    screen.print(f"Written to {path}")
