"""The reader's own dataset: a file, dropped and followed until its run is live."""

import json
import time
from pathlib import Path

from retailrec.client import paths
from retailrec.client.dropping import DroppedRun, await_run, readable_file, upload
from retailrec.client.following import follow
from retailrec.client.operating import Operator
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec.views.stages import seconds_taken
from retailrec_shared.core.column_mapping import ColumnMapping
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.status import NOT_RESUMED_BY_UPLOAD, RunStatus
from retailrec_shared.ledger.run import Run

FOLDER = paths.REPOSITORY / "build" / "notebook"
FIRST_ROWS, EXAMPLE_ROWS = 60_000, 20_000
# The example has other headers, so that it needs the column mapping.
EXAMPLE_COLUMNS = {"customer_id": "household", "item_id": "article", "timestamp": "sold at"}
HEADERS = {"Customer ID": "household", "StockCode": "article", "InvoiceDate": "sold at"}


def first_file() -> Path:
    """Choose the file for a cloud without runs: Online Retail II in data/, else a generated one like it."""
    if paths.PUBLIC_FILE.exists():
        return paths.PUBLIC_FILE
    path = FOLDER / "generated.csv"
    say(f"No run is live yet: {path.name} is generated, with the shape of Online Retail II, and dropped.")
    return _generated(path, FIRST_ROWS, seed=41)


def file_or_example(
    stack: Stack, path: str | None, columns: dict[str, str]
) -> tuple[Path | None, dict[str, str]]:
    """Return the given file, or on the local cloud an example; on AWS there is no example."""
    if path:
        return readable_file(Path(path)), columns
    if stack.cloud is None:
        say("No file is given, and this stack is on AWS: nothing is dropped. Set MY_FILE to drop one.")
        return None, {}
    made = _generated(FOLDER / "all.csv", EXAMPLE_ROWS, seed=5)
    example = FOLDER / "another shop.csv"
    header, lines = made.read_text(encoding="utf-8").split("\n", 1)
    named = ",".join(HEADERS.get(name, name) for name in header.strip().split(","))
    example.write_text(f"{named}\n{lines}", encoding="utf-8")
    say(f"No file is given: {example.name} is generated, with other headers: {named}")
    return example, EXAMPLE_COLUMNS


def _generated(path: Path, rows: int, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, Shape.of_rows(rows), seed)
    return path


def drop(stack: Stack, path: Path, columns: dict[str, str] | None = None, approve: bool = False) -> Run:
    """Drop a file and follow its run; raises Problem if it does not go live.

    With ``approve``, a model that the quality gate rejects is deployed anyway.
    """
    mapping = _mapping(columns)
    found = _dropped(stack, path, path.name, mapping)
    if found.before and found.run.status in NOT_RESUMED_BY_UPLOAD:
        found = _dropped(stack, path, f"{time.strftime('%Y%m%dT%H%M%S')}-{path.name}", mapping)
    stages = StagePrinter()
    run = follow(stack, found.run, stages.show)
    if run.status is RunStatus.MODEL_REJECTED and approve:
        say(f"The quality gate rejected it: {run.outcome.reason} It is deployed anyway.")
        run = follow(stack, Operator(stack).approve(run.run_id), stages.show)
    if run.status is not RunStatus.LIVE:
        why = f"Run {run.run_id} of {path.name} is {run.status}: {run.outcome.reason or ''}"
        raise Problem(f"{why.strip()} {run.outcome.next_step or ''}".strip())
    taken = seconds_taken(run)
    say(f"Run {run.run_id} of {path.name} is live" + (f", {taken:.0f} s after the upload." if taken else "."))
    return run


def _mapping(columns: dict[str, str] | None) -> str | None:
    if not columns:
        return None
    text = json.dumps(columns)
    try:
        ColumnMapping.parse(text)
    except Rejected as problem:
        raise Problem(problem.reason) from None
    return text


def _dropped(stack: Stack, path: Path, key: str, mapping: str | None) -> DroppedRun:
    return await_run(stack, upload(stack, path, key, lambda _sent: None, mapping), say)


class StagePrinter:
    """Prints each stage of a run once, when it has ended."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def show(self, run: Run) -> None:
        """Print the stages that have ended since the last call."""
        for stage, record in run.stages.items():
            if record.seconds is not None and stage not in self._shown:
                self._shown.add(stage)
                say(f"  {stage}: {record.seconds:.1f} s")


def say(sentence: str) -> None:
    """Write a line below the cell."""
    print(sentence, flush=True)  # noqa: T201
