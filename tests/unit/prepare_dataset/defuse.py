"""Prepare a file in a process that may take no more than a Lambda function has; print what came of it."""

import resource
import sys
from pathlib import Path

from prepare_dataset.dataset import prepare_file
from retailrec_shared.errors import Rejected

MB = 1 << 20
SECONDS = 60
# The room that memory is mapped into; what is used of it is measured apart.
ADDRESSES_MB = 6_000


def peak_mb() -> int:
    """Return the most memory that this process had: what getrusage tells may be the peak of its parent."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_MB * MB, ADDRESSES_MB * MB))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    source = Path(sys.argv[1])
    try:
        report = prepare_file(source, source.parent / "run", profile="retail", split="temporal", top_n=10)
        outcome = f"kept {report.rows_kept}"
    except Rejected as refusal:
        outcome = refusal.reason
    sys.stdout.write(f"{peak_mb()}\n{outcome}\n")
