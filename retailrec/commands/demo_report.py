"""The demo's results for scripts: build/demo/report.json."""

from pathlib import Path

from pydantic import BaseModel

from retailrec_shared.contract.api_responses import Recommendation
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.ledger.run import Run


class DatasetReport(BaseModel):
    """The file, and the numbers of its rows."""

    source: str
    file: str
    rows_read: int
    rows_without_customer: int
    interactions: int
    rejected: dict[str, int]


class StageSeconds(BaseModel):
    """How long a stage took."""

    name: str
    seconds: float


class DemoReport(BaseModel):
    """The demo's outcome; ``total_seconds`` is from the start of the upload to the live model."""

    dataset: DatasetReport
    run_id: str
    stages: list[StageSeconds]
    total_seconds: float | None
    metrics: dict[str, float]
    recommendations: dict[str, list[Recommendation]]
    api_url: str

    def save(self, path: Path) -> None:
        """Write the report, with its folder if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def dataset_report(source: str, run: Run, quality: QualityReport) -> DatasetReport:
    """Read the part about the data from the run's quality report."""
    return DatasetReport(
        source=source,
        file=run.upload.key,
        rows_read=quality.rows_read,
        rows_without_customer=quality.rows_without_customer,
        interactions=quality.interactions,
        rejected={reason: rows for reason, rows in quality.rejected.items() if rows},
    )


def stage_seconds(run: Run) -> list[StageSeconds]:
    """List the stages that have ended."""
    return [
        StageSeconds(name=stage.value, seconds=record.seconds)
        for stage, record in run.stages.items()
        if record.seconds is not None
    ]
