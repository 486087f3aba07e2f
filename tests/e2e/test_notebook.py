"""The notebook, executed from top to bottom against a local cloud."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from tests.e2e.conftest import live
from tests.e2e.signed_requests import settle

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def texts(cell: Any) -> str:
    """Return all that a cell shows, as text."""
    shown = [output.get("text", "") for output in cell.outputs]
    shown += [text for output in cell.outputs for text in output.get("data", {}).values()]
    return "\n".join(shown)


class Executed(NamedTuple):
    """The notebook's cells, and the runs that were live before and after them."""

    cells: dict[str, Any]
    before: Run
    after: Run


@pytest.fixture(scope="module")
def executed(stack: Stack, first_run: Run, monkeypatch_module: pytest.MonkeyPatch) -> Executed:
    """Execute the notebook; an error in a cell raises."""
    before = live(stack)
    assert before
    settle(stack, before.run_id)
    monkeypatch_module.delenv("RETAILREC_STACK", raising=False)
    notebook: Any = nbformat.read(NOTEBOOKS / "explore.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    after = live(stack)
    assert after
    return Executed({cell.id: cell for cell in notebook.cells}, before, after)


@pytest.fixture
def cells(executed: Executed) -> dict[str, Any]:
    return executed.cells


@pytest.fixture
def live_run(executed: Executed) -> Run:
    """The run that the notebook found live."""
    return executed.before


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_the_file_is_shown_as_in_the_ledger(cells: dict[str, Any], live_run: Run) -> None:
    assert live_run.run_id in texts(cells["open"])
    assert f"{live_run.counts['rows_read']:,}" in texts(cells["facts"])
    cleaned = texts(cells["cleaning"])
    assert f"{live_run.counts['interactions']:,}" in cleaned
    assert f"-{live_run.counts['rejected_missing_customer']:,}" in cleaned
    reasons = {
        name.removeprefix("rejected_"): rows
        for name, rows in live_run.counts.items()
        if name.startswith("rejected_") and rows
    }
    rejected = texts(cells["rejected"])
    assert f"{sum(reasons.values()):,} rows" in rejected
    assert any(reason in rejected for reason in reasons)  # the first rows are shown, whatever is live


@pytest.mark.parametrize("cell", ["pictures", "curve", "across"])
def test_pictures_are_drawn(cells: dict[str, Any], cell: str) -> None:
    (output,) = cells[cell].outputs
    assert output.data["image/png"].startswith("iVBOR")


def test_purchases_are_shown_next_to_recommendations(cells: dict[str, Any], live_run: Run) -> None:
    for cell, source in (("batch", "Batch recommends"), ("real-time", "source: endpoint")):
        shown = texts(cells[cell])
        assert "purchases" in shown
        assert source in shown
        assert live_run.run_id in shown


def test_the_endpoint_and_the_api_agree(cells: dict[str, Any]) -> None:
    direct: Any = cells["invoke"].outputs[0].data["text/plain"]
    assert direct.count("item_id") == 3
    first = direct.split("'item_id': '")[1].split("'")[0]
    assert f'"item_id": "{first}"' in texts(cells["answer"])
    assert texts(cells["unknown"]).strip() == "[]"
    assert "popular" in texts(cells["stranger"])


def test_a_dataset_of_ones_own_goes_live(cells: dict[str, Any], executed: Executed) -> None:
    after = executed.after
    assert after.run_id != executed.before.run_id
    assert after.upload.key == "another shop.csv"
    assert after.status is RunStatus.LIVE
    assert f"Run {after.run_id} of another shop.csv is live" in texts(cells["drop"])
    assert after.run_id in texts(cells["mine-live"])
