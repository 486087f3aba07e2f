"""The published schema: in step with the model, and true of what is written."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from prepare_dataset.report.schema import PUBLISHED, report_schema, schema_text
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import names
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days, prepare, purchase

DOCUMENT = PUBLISHED.with_name("quality-report.md").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Any]:
    done = prepare(csv_file(tmp_path, [*days(9), purchase(customer=None)]))
    read: dict[str, Any] = json.loads((done.folder / names.QUALITY_REPORT_JSON).read_text())
    return read


def holds(report: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(report_schema()).is_valid(report))


def test_the_published_schema_is_the_models() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text(), (
        "write it again: PYTHONPATH=functions:layers/shared python -m prepare_dataset.report.schema"
    )


def test_a_report_holds_by_the_schema_and_a_broken_one_does_not(written: dict[str, Any]) -> None:
    assert holds(written)
    for broken in ({"rows_read": "many"}, {"rejected": {"whim": 1}}, {"first_timestamp": "yesterday"}):
        assert not holds(written | broken)


def test_an_early_report_and_one_of_a_later_release_can_be_read(written: dict[str, Any]) -> None:
    later = {"run_id", "file", "uploaded_at", "pictures", "difference", "warnings"}
    early = {name: value for name, value in written.items() if name not in later}
    for report in (early, written | {"invented_later": 1}):
        assert holds(report)
        assert QualityReport.model_validate(report).rows_read == 10


def test_a_reason_and_a_warning_of_a_later_release_are_kept_as_their_texts(written: dict[str, Any]) -> None:
    later = {
        "rejected": written["rejected"] | {"too_old": 0},
        "source_format": "avro",
        "warnings": [{"code": "too_new", "message": "Something is too new."}],
    }
    report = QualityReport.model_validate(written | later)
    assert "too_old" in report.rejected
    assert str(report.source_format) == "avro"
    assert [str(each.code) for each in report.warnings] == ["too_new"]


@pytest.mark.parametrize("name", [*QualityReport.model_fields, *RejectReason])
def test_every_field_and_reason_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT
