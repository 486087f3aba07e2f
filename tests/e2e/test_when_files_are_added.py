"""Daily exports add up to the dataset of the whole file, and what they bring is recommended by."""

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from retailrec.cli.verbs import app
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec.views.quality import read_quality
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from tests.e2e.conftest import drop, follow
from tests.e2e.signed_requests import settle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROWS = 8_000
NEWCOMER = "99001"


def retailrec(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """A shop's rows, header first, the oldest before the newest; a customer comes with the last of them."""
    path = tmp_path_factory.mktemp("log") / "shop.csv"
    write(path, Shape.of_rows(ROWS), seed=11)
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    when = header.index("InvoiceDate")
    rows.sort(key=lambda row: row[when])
    bought = [list(row) for row in rows if row[header.index("Customer ID")]][-40:]
    for number, row in enumerate(bought):
        row[header.index("Customer ID")] = NEWCOMER
        row[header.index("Invoice")] = f"{990000 + number}"
        row[when] = rows[-1][when]
    return [header, *rows, *bought]


def part(log: list[list[str]], begin: float, end: float, path: Path) -> Path:
    """Write a share of the log, cut where the time changes."""
    header, *rows = log
    when = header.index("InvoiceDate")

    def place(share: float) -> int:
        at = int(share * len(rows))
        while 0 < at < len(rows) and rows[at][when] == rows[at - 1][when]:
            at += 1
        return at

    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows[place(begin) : place(end)]])
    return path


def dataset(stack: Stack, run: Run) -> list[bytes]:
    bucket = stack.output("DataBucket")
    wanted = (
        names.TRAIN_CSV,
        names.TEST_CSV,
        names.CATALOGUE_JSONL,
        names.HISTORY_JSONL,
        names.SIMILAR_JSONL,
    )
    keys = [names.run_key(run.run_id, name) for name in wanted]
    return [stack.s3().get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]


def add(stack: Stack, path: Path) -> Run:
    """Add a file's rows to the dataset, as a person would; return its run."""
    answer = retailrec("drop", str(path), "--append")
    assert answer.exit_code == 0, answer.output
    first, *_ = stack.ledger().runs()
    assert (first.upload.key, first.status) == (f"append/{path.name}", RunStatus.LIVE)
    return first


def test_overlapping_exports_add_up_to_the_whole_and_what_they_bring_is_recommended_by(
    stack: Stack, log: list[list[str]], tmp_path: Path
) -> None:
    full = follow(stack, drop(stack, part(log, 0.0, 0.8, tmp_path / "full.csv"), "log.csv"))
    assert full.status is RunStatus.LIVE, full.outcome.reason
    add(stack, part(log, 0.75, 0.9, tmp_path / "one.csv"))
    added = add(stack, part(log, 0.85, 1.0, tmp_path / "two.csv"))
    assert added.counts["rows_repeated"] > 0
    assert read_quality(stack, added.run_id)
    settle(stack, added.run_id)
    answer = stack.api().recommendations(NEWCOMER, 10)
    assert answer.source in {"endpoint", "batch"}
    assert len(answer.recommendations) == 10

    retrained = retailrec("retrain")
    assert retrained.exit_code == 0, retrained.output
    assert "Nothing has changed" in retrained.output
    retrained = retailrec("retrain", "--force")
    assert retrained.exit_code == 0, retrained.output
    again, *_ = stack.ledger().runs()
    assert (again.dataset.retrains, again.status) == (added.run_id, RunStatus.LIVE)
    assert again.ended(Stage.DEPLOY)

    whole = follow(stack, drop(stack, part(log, 0.0, 1.0, tmp_path / "whole.csv"), "whole.csv"))
    assert dataset(stack, added) == dataset(stack, whole)
    assert added.counts["rows_read"] == whole.counts["rows_read"]
