"""The uploads that form the newest dataset: one item of the ledger, changed in one transaction with a run.

An upload under ``append/`` adds to the dataset instead of replacing it. The dataset consists of the newest
full upload and each increment after it, in the order in which they were uploaded. A run is accepted only if
nothing changed this item since the run read it and collected its uploads. So the run accepted last holds the
rows of all uploads, however late, often or concurrently their events came.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, Self

from retailrec_shared.core import aws, counting, names
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.items import change, move, raise_unless_overtaken, read
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import SEQUENCER_LENGTH
from retailrec_shared.ledger.table import LedgerTable

PK = "dataset"
# DynamoDB allows 400 KB for an item; its other attributes need some of it.
_MEMBERS_BYTES = 390_000


class Member(NamedTuple):
    """An accepted upload: its place among all uploads, its run, and whether it adds or replaces."""

    order: str
    run_id: str
    appends: bool

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return a run's upload as a member."""
        return cls(run.upload.order.rstrip("0"), run.run_id, run.appends)

    @property
    def upload_order(self) -> str:
        """Rank among all uploads, as `Upload.order`; ``order`` lacks the zeros that pad it."""
        moment, _, sequencer = self.order.partition("#")
        return f"{moment}#{sequencer.ljust(SEQUENCER_LENGTH, '0')}"

    @property
    def own_lines(self) -> str:
        """Key of the rows of the upload alone."""
        return names.run_key(self.run_id, names.OWN_LINES)

    def to_json(self) -> str:
        """Return it as a text of the ledger's item."""
        return json.dumps(self)


class Head(NamedTuple):
    """The newest dataset: how many uploads were accepted so far, its members, and the key of all its rows.

    ``dataset`` is its id; an increment without new rows does not change it.
    """

    number: int = 0
    members: tuple[Member, ...] = ()
    whole: str = ""
    dataset: str = ""


class Place(NamedTuple):
    """An upload's place in the dataset: all members, and the keys of the rows before and after its own."""

    members: tuple[Member, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def joined(self) -> bool:
        """Whether the dataset holds rows of other uploads too."""
        return bool(self.before or self.after)


def place(run: Run, head: Head) -> Place | None:
    """Return the place of a run's upload; ``None`` if a later full upload replaced its dataset."""
    mine = Member.of(run)
    if run.dataset.retrains:
        return Place(head.members, before=(head.whole,))
    members = sorted([*(each for each in head.members if each.run_id != mine.run_id), mine])
    start = max((number for number, each in enumerate(members) if not each.appends), default=0)
    here = members.index(mine)
    if here < start:
        return None
    chain = tuple(members[start:])
    if here == len(members) - 1 and chain[:-1] == head.members:
        return Place(chain, before=(head.whole,) if head.members else ())
    before, after = members[start:here], members[here + 1 :]
    return Place(chain, tuple(each.own_lines for each in before), tuple(each.own_lines for each in after))


def fit_one_item(members: Sequence[Member]) -> bool:
    """Return whether these members fit one item of the ledger."""
    # A list's element takes a byte more.
    return sum(len(each.to_json()) + 1 for each in members) <= _MEMBERS_BYTES


def identify(members: Sequence[Member]) -> str:
    """Return the id of the dataset of these uploads."""
    text = json.dumps([each.run_id for each in members])
    return hashlib.sha256(text.encode()).hexdigest()[: names.RUN_ID_LENGTH]


class Datasets(LedgerTable):
    """Reads and changes the item."""

    def head(self) -> Head:
        """Read the newest dataset, strongly consistent; empty before the first."""
        answer = self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": PK}}, ConsistentRead=True)
        if "Item" not in answer:
            return Head()
        item = read(answer["Item"])
        members = tuple(Member(*json.loads(each)) for each in item["members"])
        return Head(int(item["number"]), members, str(item["whole"]), str(item["dataset"]))

    def accept(self, run: Run, to: RunStatus, seen: Head, new: Head, fields: dict[str, Any]) -> bool:
        """Move a prepared run and replace the dataset in one transaction; False if either changed."""
        moved = move(self._table, run.run_id, to, fields)
        moved["UpdateExpression"] += ", upload_order = :order"
        moved["ExpressionAttributeValues"][":order"] = {"S": run.order}
        values = {
            "number": new.number, "members": [each.to_json() for each in new.members],
            "whole": new.whole, "dataset": new.dataset,
        }  # fmt: skip
        head = change(
            self._table,
            PK,
            "SET #number = :number, members = :members, whole = :whole, dataset = :dataset",
            "#number = :seen" if seen.number else "attribute_not_exists(pk)",
            values | ({"seen": seen.number} if seen.number else {}),
            {"#number": "number"},
        )
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Update": each} for each in (head, moved)])
        except aws.client_error() as error:
            raise_unless_overtaken(error)
            return False
        self._on_move(to)
        return True


@cache
def datasets() -> Datasets:
    """Return the stack's datasets."""
    return Datasets(settings().ledger_table, on_move=counting.count_run)
