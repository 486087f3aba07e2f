"""Importing the API's function in fresh interpreters, as Lambda does before a container's first request."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from benchmarks.common.inputs import ROOT

PROGRAM = (
    "import time, json; wall, cpu = time.perf_counter(), time.process_time(); import recommend_api.app; "
    "print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))"
)


@dataclass(frozen=True)
class ColdImport:
    """Milliseconds of one import, by the clock and of the processor; and of the whole interpreter's life."""

    wall_ms: float
    cpu_ms: float
    interpreter_ms: float


def cold_imports(times: int) -> Iterator[ColdImport]:
    """Import so many times, after one time that fills the file caches."""
    path = f"{ROOT / 'functions'}{os.pathsep}{ROOT / 'layers/shared'}"
    environment = {"PYTHONPATH": path, "POWERTOOLS_SERVICE_NAME": "bench", "PATH": os.environ["PATH"]}
    for turn in range(times + 1):
        begin = perf_counter()
        command = [sys.executable, "-c", PROGRAM]
        printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        whole = perf_counter() - begin
        wall, cpu = json.loads(printed)
        if turn:
            yield ColdImport(wall * 1e3, cpu * 1e3, whole * 1e3)
