"""Which of two uploads came later, by what S3 did: the oracle's own judgement, not the ledger's."""

from typing import Any, NamedTuple

from retailrec_shared.ledger.run import Run


class Uploaded(NamedTuple):
    """When a version was stored, to the second, under which key, and as which of all versions."""

    second: str
    key: str
    number: int

    def later_than(self, other: "Uploaded") -> bool:
        """Tell whether this upload came later; within a second nothing orders different keys."""
        if self.second != other.second:
            return self.second > other.second
        return self.key == other.key and self.number > other.number


def of_item(item: Any) -> Uploaded:
    """Read a run's upload from its ledger item."""
    upload = item["run"]["M"]["upload"]["M"]
    return _uploaded(upload["uploaded_at"]["S"], upload["key"]["S"], upload["version_id"]["S"])


def of_run(run: Run) -> Uploaded:
    """Read a run's upload."""
    return _uploaded(run.upload.uploaded_at, run.upload.key, run.upload.version_id or "v0")


def _uploaded(moment: str, key: str, version: str) -> Uploaded:
    return Uploaded(moment, key, int(version.removeprefix("v")))
