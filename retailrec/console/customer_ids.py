"""The customers of a run, to search in: their ids are the lines of the batch job's input."""

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from retailrec_shared.core import names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHOWN = 24  # found by a text
SOME = 12  # without one, to begin with


class CustomerIds:
    """Remembers the ids of one run at a time."""

    def __init__(self) -> None:
        self._known: tuple[str, Sequence[str]] | None = None

    def of_run(self, s3: "S3Client", bucket: str, run_id: str) -> Sequence[str]:
        """Read the ids, sorted; once for each run."""
        known = self._known
        if known is None or known[0] != run_id:
            key = names.run_key(run_id, names.BATCH_INPUT_JSONL)
            with closing(s3.get_object(Bucket=bucket, Key=key)["Body"]) as body:
                known = run_id, sorted(read_ids(body.iter_lines()))
            self._known = known
        return known[1]


def read_ids(lines: Iterable[bytes]) -> Iterable[str]:
    """Read the customer out of each request of the batch input."""
    return (str(json.loads(line)["user_id"]) for line in lines if line.strip())


def search(ids: Sequence[str], text: str, shown: int = SHOWN) -> tuple[list[str], int]:
    """Find ids that begin with a text, then those that hold it; return the first, and how many there are."""
    wanted = text.strip().casefold()
    begin = [each for each in ids if each.casefold().startswith(wanted)]
    if not wanted:
        return begin[:SOME], len(begin)
    held = [each for each in ids if wanted in each.casefold() and not each.casefold().startswith(wanted)]
    return (begin + held)[:shown], len(begin) + len(held)
