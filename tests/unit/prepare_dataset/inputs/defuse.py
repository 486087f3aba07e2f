"""Prepare files in processes that may take no more than a Lambda function has; print how each ended.

Each process is a fork of this one, which has imported all that they need. A line on the standard input names
a file; a line of JSON on the standard output says how preparing it ended.
"""

import json
import os
import resource
import sys
from pathlib import Path

from prepare_dataset.files import limits

MB = 1 << 20
SECONDS = 60
# The room that memory is mapped into; what is used of it is measured apart.
ADDRESSES_MB = 6_000
LIMITS = ("MAX_TEXT_BYTES", "MAX_XML_BYTES", "MAX_MALFORMED_BYTES")
LOWERED_ROWS = 5_000


def peak_mb() -> int:
    """Return the most memory that this process had: the figure of getrusage may be the peak of its parent."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def lower_limits(divisor: int) -> None:
    """Lower the limits of what is unpacked and of what reads, before any other module has copied one."""
    for name in LIMITS:
        setattr(limits, name, getattr(limits, name) // divisor)
    if divisor > 1:
        limits.MAX_MALFORMED_ROWS = LOWERED_ROWS
        limits.WORKBOOK_MEMORY_BYTES //= 4  # to start takes 300 MB


def prepare(source: Path) -> str:
    from prepare_dataset.dataset import prepare_file
    from prepare_dataset.options import Options
    from retailrec_shared.core.errors import Rejected

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_MB * MB, ADDRESSES_MB * MB))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        report = prepare_file(
            source, source.parent / "run", Options(profile="retail", split="temporal", top_n=10)
        )
    except Rejected as refusal:
        return refusal.reason
    return f"kept {report.rows_kept}"


def main() -> None:
    """Answer each line; a child ends as any program does, by returning from here."""
    for line in sys.stdin:
        receiving, sending = os.pipe()
        child = os.fork()
        if not child:
            outcome = prepare(Path(line.rstrip("\n")))
            os.write(sending, json.dumps({"outcome": outcome, "peak_mb": peak_mb()}).encode())
            return
        os.close(sending)
        with os.fdopen(receiving, "rb") as pipe:
            answer = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({**json.loads(answer or b"{}"), "status": status}), flush=True)  # noqa: T201


if __name__ == "__main__":
    lower_limits(int(sys.argv[1]))
    import prepare_dataset.preparation  # noqa: F401 - all that preparing imports

    main()
