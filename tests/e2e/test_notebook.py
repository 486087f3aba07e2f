"""The notebook, executed from top to bottom against a local cloud."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from retailrec.stack import Stack
from retailrec_shared.run import Run
from retailrec_shared.status import RunStatus

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def texts(cell: Any) -> str:
    """Return all that a cell shows, as text."""
    shown = [output.get("text", "") for output in cell.outputs]
    shown += [text for output in cell.outputs for text in output.get("data", {}).values()]
    return "\n".join(shown)


@pytest.fixture(scope="module")
def executed(stack: Stack, live_run: Run, monkeypatch_module: pytest.MonkeyPatch) -> dict[str, Any]:
    """Execute the notebook; an error in a cell raises."""
    monkeypatch_module.delenv("RETAILREC_STACK", raising=False)
    notebook: Any = nbformat.read(NOTEBOOKS / "explore.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    return {cell.id: cell for cell in notebook.cells}


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


pytestmark = pytest.mark.slow


def test_the_file_is_told_as_the_ledger_has_it(executed: dict[str, Any], live_run: Run) -> None:
    assert live_run.run_id in texts(executed["open"])
    assert f"{live_run.counts['rows_read']:,}" in texts(executed["facts"])
    cleaned = texts(executed["cleaning"])
    assert f"{live_run.counts['interactions']:,}" in cleaned
    assert f"-{live_run.counts['rejected_missing_customer']:,}" in cleaned
    assert "missing_customer" in texts(executed["rejected"])


@pytest.mark.parametrize("cell", ["pictures", "curve", "across"])
def test_pictures_are_drawn(executed: dict[str, Any], cell: str) -> None:
    (output,) = executed[cell].outputs
    assert output.data["image/png"].startswith("iVBOR")


def test_purchases_stand_beside_recommendations(executed: dict[str, Any], live_run: Run) -> None:
    for cell, source in (("batch", "Batch recommends"), ("real-time", "source: endpoint")):
        shown = texts(executed[cell])
        assert "purchases" in shown
        assert source in shown
        assert live_run.run_id in shown


def test_the_endpoint_and_the_api_agree(executed: dict[str, Any]) -> None:
    direct: Any = executed["invoke"].outputs[0].data["text/plain"]
    assert direct.count("item_id") == 3
    first = direct.split("'item_id': '")[1].split("'")[0]
    assert f'"item_id": "{first}"' in texts(executed["answer"])
    assert texts(executed["unknown"]).strip() == "[]"
    assert "popular" in texts(executed["stranger"])


def test_a_dataset_of_ones_own_goes_live(executed: dict[str, Any], stack: Stack, live_run: Run) -> None:
    live = stack.ledger().get(stack.ledger().pointer("live") or "")
    assert live is not None
    assert live.run_id != live_run.run_id
    assert live.upload.key == "another shop.csv"
    assert live.status is RunStatus.LIVE
    assert f"Run {live.run_id} of another shop.csv is live" in texts(executed["drop"])
    assert live.run_id in texts(executed["mine-live"])
