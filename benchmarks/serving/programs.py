"""Starting the servers under test, and waiting until they answer."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local.sagemaker.programs.ports import free_port

ROOT = Path(__file__).parents[2]
BENCH_PYTHON = ROOT / ".venv-bench/bin/python"
START_PATIENCE = 120.0


@contextlib.contextmanager
def serving(base: Path, workers: int, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the algorithm's serving program over ``base``; gives its port and process."""
    port = free_port()
    variables = {
        "SAGEMAKER_BASE_DIR": str(base),
        "RECOMMENDER_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
        "PYTHONPATH": str(ROOT / "algorithm"),
        **environment,
    }
    with _running([sys.executable, "-m", "recommender.serve"], variables, port) as process:
        yield port, process


@contextlib.contextmanager
def flask_container(base: Path, workers: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run what most people would write: Flask, gunicorn, implicit."""
    port = free_port()
    command = [str(BENCH_PYTHON), "-m", "gunicorn", "--chdir", str(ROOT / "benchmarks/serving"), "--preload"]
    command += ["--workers", str(workers), "--worker-class", "gthread", "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "flask_container:app"]
    # implicit itself asks for one BLAS thread; without it, it is slower.
    variables = {"MODEL_FOLDER": str(base / "model"), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with _running(command, variables, port) as process:
        yield port, process


@contextlib.contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, port)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"a server ended with exit code {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as made:
            made.sendall(b"GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            if made.recv(1000).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.02)
    raise SystemExit("a server did not answer /ping in time")
