"""The published schema of ``quality/report.json``, made from the model.

``PYTHONPATH=functions:layers/shared python -m prepare_dataset.report.schema`` writes it to
docs/quality-report.schema.json; a test fails when the two differ.
"""

import json
from pathlib import Path
from typing import Any

from retailrec_shared.contract.quality_report import QualityReport

PUBLISHED = Path(__file__).parents[3] / "docs" / "quality-report.schema.json"


def report_schema() -> dict[str, Any]:
    """Describe a report as JSON Schema; reports of earlier releases are valid, too."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **QualityReport.model_json_schema(),
        "title": "retailrec quality report",
    }


def schema_text() -> str:
    """Format the schema as in the published file."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PUBLISHED.write_text(schema_text(), encoding="utf-8")
