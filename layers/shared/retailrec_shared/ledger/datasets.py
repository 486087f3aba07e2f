"""Which uploads the newest dataset is made of: one item of the ledger's, moved by one transaction with a run.

An upload under ``append/`` adds to the dataset instead of replacing it. The dataset is what the accepted
uploads say, in the order in which they were uploaded: the newest full one, and each increment after it.
Whoever is accepted has read this item, gathered all that stands in it, and is refused if anybody else was
accepted meanwhile. So the run accepted last holds the rows of all, whatever came late, twice or at once.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from retailrec_shared.core import aws, counting, names
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.items import change, move, raise_unless_overtaken, read
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import SEQUENCER_LENGTH
from retailrec_shared.ledger.table import LedgerTable

if TYPE_CHECKING:
    pass

PK = "dataset"
# An item of DynamoDB's holds 400 KB, this one's names and the rest among them.
_MEMBERS_BYTES = 390_000


class Member(NamedTuple):
    """An accepted upload: its place among all uploads, its run, and whether it adds or replaces."""

    order: str
    run_id: str
    appends: bool

    @classmethod
    def of(cls, run: Run) -> Self:
        """Make the member that a run's upload is."""
        return cls(run.upload.order.rstrip("0"), run.run_id, run.appends)

    @property
    def upload_order(self) -> str:
        """Rank among all uploads, as `Upload.order` spells it; here it goes without the zeros that pad it."""
        moment, _, sequencer = self.order.partition("#")
        return f"{moment}#{sequencer.ljust(SEQUENCER_LENGTH, '0')}"

    @property
    def own_lines(self) -> str:
        """Key of the rows of the upload alone."""
        return names.run_key(self.run_id, names.OWN_LINES)

    def spell(self) -> str:
        """Spell it as the ledger's item does."""
        return json.dumps(self)


class Head(NamedTuple):
    """The newest dataset: how many were accepted so far, what it is made of, and the key of all its rows.

    ``dataset`` tells one from another; an increment that added nothing makes no other.
    """

    number: int = 0
    members: tuple[Member, ...] = ()
    whole: str = ""
    dataset: str = ""


class Place(NamedTuple):
    """Where an upload stands in the dataset: the members with it, and the keys of the rows around its own."""

    members: tuple[Member, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def joined(self) -> bool:
        """Whether the dataset holds rows of other uploads too."""
        return bool(self.before or self.after)


def place(run: Run, head: Head) -> Place | None:
    """Put a run's upload in its place; ``None`` if a later full upload replaced what it is part of."""
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


def have_room(members: Sequence[Member]) -> bool:
    """Tell whether one item of the ledger can name so many."""
    # A list's element takes a byte more.
    return sum(len(each.spell()) + 1 for each in members) <= _MEMBERS_BYTES


def identify(members: Sequence[Member]) -> str:
    """Name the dataset that these uploads make."""
    text = json.dumps([each.run_id for each in members])
    return hashlib.sha256(text.encode()).hexdigest()[: names.RUN_ID_LENGTH]


class Datasets(LedgerTable):
    """Reads and moves the item."""

    def head(self) -> Head:
        """Read the newest dataset, strongly consistent; empty before the first."""
        answer = self._dynamodb.get_item(TableName=self._table, Key={"pk": {"S": PK}}, ConsistentRead=True)
        if "Item" not in answer:
            return Head()
        item = read(answer["Item"])
        members = tuple(Member(*json.loads(each)) for each in item["members"])
        return Head(int(item["number"]), members, str(item["whole"]), str(item["dataset"]))

    def accept(self, run: Run, to: RunStatus, seen: Head, new: Head, fields: dict[str, Any]) -> bool:
        """Move a prepared run, and the dataset to what it holds, at once; False if either moved meanwhile."""
        moved = move(self._table, run.run_id, to, fields)
        moved["UpdateExpression"] += ", upload_order = :order"
        moved["ExpressionAttributeValues"][":order"] = {"S": run.order}
        values = {
            "number": new.number, "members": [each.spell() for each in new.members],
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
