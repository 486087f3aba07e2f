"""One invocation's share of publishing a run. The ledger keeps how far it got, and who does it.

First the batch output is read from end to end, checked against the customers, and written as Parquet. Only
then are entries written, so an output that cannot be published leaves none. Entries have a fixed order; their
number is the position. An invocation that has little time left ends between two groups of entries.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from publish_recommendations.joining import BadOutput, body_of, pair, read_scores
from publish_recommendations.table import write_table
from retailrec_shared.core import aws, names
from retailrec_shared.core.errors import NotYet, Rejected
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import timestamp
from retailrec_shared.ledger.stage_work import stage_work
from retailrec_shared.serving.bulk import Throttled
from retailrec_shared.serving.entries import ORDER, Entry, Read, customer_of, run_entries
from retailrec_shared.serving.run_lines import read_lines
from retailrec_shared.serving.table import serving

LEASE_DURATION = timedelta(minutes=4)
HOLD_EVERY = timedelta(seconds=30)
# Invocations in a row that Lambda ended, for lack of memory or time, before the position changed.
MOST_LEASES = 6
# Enough to end the group of entries that is being written, and to note the position.
RESERVE_SECONDS = 60.0
CUSTOMERS_BETWEEN_CHECKS = 5_000
# A row group with the longest ids, and more.
RESERVE_BYTES = 300_000_000


class Overtaken(Exception):
    """Another invocation has the lease, or the run is not approved any more."""


class Position(NamedTuple):
    """What the first step counted, and how many entries, of how many customers, are written."""

    customers: int
    recommendations: int
    entries: int = 0
    passed: int = 0
    order: int = ORDER

    def holds(self) -> bool:
        """Return whether this release writes entries in the order in which these were counted."""
        return self.order == ORDER


class Lease:
    """The lease of this invocation, which lasts while it is held on time."""

    def __init__(self, run_id: str, invocation: Invocation) -> None:
        self.run_id = run_id
        self._invocation = invocation
        self._held_at = datetime.now(UTC)

    @property
    def ends_soon(self) -> bool:
        """Whether the invocation has little time left."""
        return self.seconds_left() < RESERVE_SECONDS

    def seconds_left(self) -> float:
        """Return how many seconds the invocation has left."""
        return self._invocation.seconds_left()

    @property
    def due(self) -> bool:
        """Whether it is time to hold the lease for longer."""
        return datetime.now(UTC) - self._held_at > HOLD_EVERY

    def hold(self) -> None:
        """Hold the lease for longer, if that is due; raises Overtaken."""
        if self.due and not stage_work().hold(self.run_id, Stage.PUBLISH, self._invocation.id, self._until()):
            raise Overtaken

    def note(self, position: Position) -> None:
        """Record the position, and hold the lease for longer; raises Overtaken."""
        mine = self._invocation.id
        if not stage_work().note(self.run_id, Stage.PUBLISH, mine, self._until(), position._asdict()):
            raise Overtaken

    def _until(self) -> str:
        self._held_at = datetime.now(UTC)
        return timestamp(self._held_at + LEASE_DURATION)


class Published(NamedTuple):
    """How far an invocation got, and whether everything is written."""

    position: Position
    complete: bool


def acquire(run: Run, invocation: Invocation) -> tuple[Lease, Run] | None:
    """Acquire the lease to publish a run; return ``None`` if another invocation has it.

    Raises Rejected when several invocations in a row were ended before they got any further.
    """
    until = timestamp(datetime.now(UTC) + LEASE_DURATION)
    taken = stage_work().acquire(run.run_id, Stage.PUBLISH, invocation.id, until)
    if taken is None:
        logger.info("another invocation publishes the run", run_id=run.run_id)
        return None
    if (taken.stages[Stage.PUBLISH].leases or 0) > MOST_LEASES:
        raise Rejected(
            f"The recommendations could not be published: Lambda ended {MOST_LEASES} invocations of the "
            "function before they wrote anything. It may need more memory than it has."
        )
    return Lease(run.run_id, invocation), taken


def publish(lease: Lease, run: Run) -> Published:
    """Write what is left to write, as far as time allows; a group of entries at least.

    Raises Overtaken, BadOutput, and NotYet where DynamoDB takes nothing.
    """
    noted = run.stages[Stage.PUBLISH].position
    position = Position(**noted) if noted else _write_parquet(lease)
    if not position.holds():
        logger.info("all entries are written again, in this release's order", run_id=lease.run_id)
        position = Position(position.customers, position.recommendations)
    begun = position.entries
    complete = False
    try:
        for position in _write_entries(lease, position):  # noqa: B020 - the next is after the last
            if lease.due:
                lease.note(position)
            if lease.ends_soon:
                break
        else:
            complete = True
    except Throttled as throttled:
        if position.entries == begun:
            raise NotYet("DynamoDB takes no more writes to the serving table at present.") from throttled
    lease.note(position)
    return Published(position, complete)


def _write_parquet(lease: Lease) -> Position:
    """Check the whole batch output, and store it as one Parquet file; return the numbers."""
    read = partial(read_lines, lease.run_id)
    customers = 0

    def lists() -> Iterator[tuple[str, Any]]:
        nonlocal customers
        for customer, _, recommendations in _paired(read):
            customers += 1
            if customers % CUSTOMERS_BETWEEN_CHECKS == 0:
                lease.hold()
                _refuse_if_late(lease, customers)
                _refuse_if_full(Path(folder), customers)
            yield customer, recommendations

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(names.RECOMMENDATIONS_PARQUET).name
        rows = write_table(lists(), path)
        key = names.run_key(lease.run_id, names.RECOMMENDATIONS_PARQUET)
        aws.s3().upload_file(str(path), settings().data_bucket, key)
    position = Position(customers, rows)
    lease.note(position)
    logger.info("recommendations stored as Parquet", run_id=lease.run_id, **position._asdict())
    return position


def _refuse_if_late(lease: Lease, customers: int) -> None:
    if lease.ends_soon:
        raise Rejected(
            f"After {customers:,} customers the function's time was over: the batch output is too large to "
            "be checked in one invocation. Lower the stack's parameter TopN, and run the batch job again."
        )


def _refuse_if_full(folder: Path, customers: int) -> None:
    if shutil.disk_usage(folder).free < RESERVE_BYTES:
        raise Rejected(
            f"After {customers:,} customers the function's storage was full: the recommendations are too "
            "large for one Parquet file. Lower the stack's parameter TopN, and run the batch job again."
        )


def _write_entries(lease: Lease, position: Position) -> Iterator[Position]:
    """Write the entries after a position; yield the position after each group."""
    read = partial(read_lines, lease.run_id)
    passed = 0

    def customers() -> Iterator[tuple[str, Any]]:
        nonlocal passed
        for customer, line, recommendations in _paired(read):
            passed += 1
            if passed % CUSTOMERS_BETWEEN_CHECKS == 0:
                lease.hold()  # passing over those that are written may take minutes
            # Formatting what is written already would take most of the time.
            yield customer, body_of(json.loads(line), recommendations) if passed > position.passed else None

    entries = islice(run_entries(lease.run_id, read, customers()), position.entries, None)
    written = position.entries
    for count in serving().put(map(_complete, entries), lease.seconds_left):
        written += count
        # The next entry was read already, and a page of ids comes before its customer's entry.
        yield position._replace(entries=written, passed=max(passed - 2, 0))


def _complete(entry: Entry) -> Entry:
    """Return an entry; raises AssertionError for that of a customer who was passed over."""
    if entry[1] is None:
        raise AssertionError("an entry has no body")
    return entry


def _paired(read: Read) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield each customer, with the line of its history and its recommendations."""
    return pair(read(names.HISTORY_JSONL), read_scores(_output(read)), customer_of)


def _output(read: Read) -> Iterator[str]:
    """Yield the lines of the transform job's output; raises BadOutput when there is none."""
    relative = f"{names.BATCH_OUTPUT_PREFIX}/{Path(names.BATCH_INPUT_JSONL).name}.out"
    try:
        yield from read(relative)
    except ClientError as error:
        if aws.error_code(error) not in {"404", "NoSuchKey"}:
            raise
        raise BadOutput(f"The transform job is Completed, but its output {relative} is missing.") from error
