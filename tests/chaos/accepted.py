"""What the newest dataset must hold: the oracle's own account, from what was accepted and what S3 did."""

import io
from typing import NamedTuple

import pyarrow.parquet as pq

from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from tests.chaos import files, uploads
from tests.chaos.surroundings import Surroundings
from tests.chaos.uploads import Uploaded
from tests.environment import ENVIRONMENT


class Position(NamedTuple):
    """Where a run stands: by the newest upload that it holds, then by when it was accepted."""

    upload: Uploaded
    accepted: float = 0

    def later_than(self, other: "Position") -> bool:
        """Return whether this one replaces the other."""
        if self.upload == other.upload:
            return self.accepted > other.accepted
        return self.upload.later_than(other.upload)


class _Accepted(NamedTuple):
    upload: Uploaded
    run_id: str
    content: str
    appends: bool


class Accepted:
    """Every upload that was accepted, in that order, and what each run's dataset was found to hold."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self._uploads: list[_Accepted] = []
        self._positions: dict[str, Position] = {}
        self._number = 0
        self._searches = 0
        self._last: str | None = None

    def add(self, run_id: str) -> None:
        """Take note that a run was accepted, and look whether it holds what it must."""
        run = Run.load({"run": _plain(self._world, run_id), "status": RunStatus.PREPARED})
        self._number += 1
        mine = uploads.of_run(run)
        if not run.dataset.retrains:
            (content,) = {
                drop.content
                for drop, etag in self._world.dropped
                if etag == run.upload.etag and drop.key == run.upload.key
            }
            self._uploads.append(_Accepted(mine, run_id, content, run.appends))
        chain = self._chain()
        if not run.dataset.retrains and run_id not in {each.run_id for each in chain}:
            self._positions[run_id] = Position(mine, self._number)
            return  # a full file that a later one had replaced: whatever it holds, it never serves
        self._last = run_id
        self._positions[run_id] = Position(_latest([each.upload for each in chain]), self._number)
        wanted = frozenset().union(*(files.lines_of(each.content) for each in chain))
        found = self._lines(run_id)
        if found != wanted and not self._tied():
            missing, more = sorted(wanted - found)[:3], sorted(found - wanted)[:3]
            of = [each.content for each in chain]
            self._world.violation(f"run {run_id} should hold {of}, but lacks {missing} and has {more}")

    def tuned(self, run_id: str, source: str) -> None:
        """Take note of a search on an accepted run's data, which counts as later than that run alone."""
        self._searches += 1
        of = self._positions[source]
        self._positions[run_id] = of._replace(accepted=of.accepted + self._searches / 1_000_000)

    def position(self, run_id: str) -> Position | None:
        """Return where an accepted run stands."""
        return self._positions.get(run_id)

    def replaced(self, run_id: str) -> bool:
        """Return whether a full file that came after a run's upload was accepted."""
        mine = uploads.of_item(self._world.run_item(run_id))
        return any(not each.appends and not mine.later_than(each.upload) for each in self._uploads)

    def judge(self, runs: list[Run]) -> None:
        """Check that the run accepted last, which holds all that was accepted, is the latest of all."""
        known = [run for run in runs if run.run_id in self._positions and not run.tuning.source_run]
        if self._last and max(known, key=lambda run: run.order).run_id != self._last and not self._tied():
            self._world.violation(f"run {self._last} holds all rows, but others count as later")
        if self._last and self._world.plan.schedule:
            (last,) = (run for run in runs if run.run_id == self._last)
            alike = [run for run in runs if run.dataset.id == last.dataset.id]
            if all(run.status is RunStatus.COLLECTED for run in alike):
                self._world.violation(f"the dataset of {self._last} was collected and never trained")

    def _chain(self) -> list[_Accepted]:
        """List the newest full upload and every increment after it."""
        ordered = sorted(self._uploads, key=lambda each: (each.upload.second, each.upload.number))
        start = max((number for number, each in enumerate(ordered) if not each.appends), default=0)
        return ordered[start:]

    def _tied(self) -> bool:
        """Return whether S3 leaves open in which order two uploads came, of which one is a full file."""
        return any(
            one.upload.second == other.upload.second and one.run_id != other.run_id and not one.appends
            for one in self._uploads
            for other in self._uploads
        )

    def _lines(self, run_id: str) -> frozenset[files.Line]:
        found: set[files.Line] = set()
        for part in (names.TRAIN_PARQUET, names.TEST_PARQUET):
            stored = self._world.s3.get_object(ENVIRONMENT["DATA_BUCKET"], names.run_key(run_id, part))
            rows = pq.read_table(io.BytesIO(stored["Body"].read())).to_pylist()
            found |= {(row["invoice"], row["item_id"], row["user_id"], str(row["timestamp"])) for row in rows}
        return frozenset(found)


def _latest(among: list[Uploaded]) -> Uploaded:
    return max(among, key=lambda upload: (upload.second, upload.number))


def _plain(world: Surroundings, run_id: str) -> dict[str, object]:
    from retailrec_shared.ledger.items import read

    item: dict[str, object] = read(world.run_item(run_id))["run"]
    return item
