import json
import webbrowser
from pathlib import Path

import pytest

from retailrec_shared.core.status import RunStatus
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_pipeline import PAGE, FakePipeline

SHOP = ("--stack", "shop")
WARNING = "Rows read fell by 40.0 %, from 200 to 120."


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The addresses that a browser was asked to open."""
    addresses: list[str] = []

    def browse(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", browse)
    monkeypatch.chdir(tmp_path)
    return addresses


def test_a_report_is_saved_printed_and_opened(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path, tmp_path: Path, opened: list[str]
) -> None:
    retailrec("drop", sales, *SHOP)
    (run,) = pipeline.ledger.runs()
    answer = retailrec("report", run.run_id[:5], *SHOP)
    assert answer.exit_code == 0, answer.output
    saved = tmp_path / f"quality-report-{run.run_id[:8]}.html"
    assert saved.read_bytes() == PAGE
    assert opened == [saved.as_uri()]
    assert WARNING in words(answer.stdout)


def test_a_report_is_written_to_the_given_file_without_a_browser(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path, tmp_path: Path, opened: list[str]
) -> None:
    retailrec("drop", sales, *SHOP)
    (run,) = pipeline.ledger.runs()
    target = tmp_path / "new" / "page.html"
    assert retailrec("report", run.run_id, "--no-open", "--output", target, *SHOP).exit_code == 0
    assert target.read_bytes() == PAGE
    assert opened == []


def test_a_rejected_run_has_no_report_and_says_why(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path, tmp_path: Path, opened: list[str]
) -> None:
    pipeline.ending = RunStatus.REJECTED
    retailrec("drop", sales, *SHOP)
    (run,) = pipeline.ledger.runs()
    answer = retailrec("report", run.run_id, *SHOP)
    assert answer.exit_code == 1
    assert "has no quality report: There is no column Quantity." in words(answer.stderr)
    assert retailrec("status", run.run_id, *SHOP).exit_code == 0
    assert opened == []
    assert list(tmp_path.glob("*.html")) == []


def test_a_status_names_the_report_and_its_warnings(
    retailrec: Invoke, pipeline: FakePipeline, sales: Path
) -> None:
    retailrec("drop", sales, *SHOP)
    (run,) = pipeline.ledger.runs()
    text = words(retailrec("status", run.run_id, *SHOP).stdout)
    assert WARNING in text
    assert f"report {run.run_id[:8]}" in text
    answer = json.loads(retailrec("status", run.run_id, "--json", *SHOP).stdout)
    assert answer["report"] == f"s3://data/runs/{run.run_id}/quality/report.html"
    assert answer["warnings"] == [{"code": "rows_fell", "message": WARNING}]
