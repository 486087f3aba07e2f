"""The serving, batch and scale benchmarks on tiny models: they run, and the numbers have their names."""

import json
import subprocess
from collections import deque
from pathlib import Path

import pytest

from benchmarks import batch, scale, serve
from benchmarks.models.synthetic import Size, save_synthetic
from benchmarks.serving import load
from benchmarks.serving.programs import BENCH_PYTHON, serving
from tests import needs

pytestmark = pytest.mark.slow

TINY = Size(300, 200, 8, 3_000)
RATES = {
    "requests_per_second", "p50_ms", "p99_ms", "offered_per_second", "p50_ms_closed", "p99_ms_closed",
    "generator_cpu", "cpu_us_per_request",
}  # fmt: skip


def has_flask() -> bool:
    return (
        BENCH_PYTHON.exists()
        and subprocess.run([BENCH_PYTHON, "-c", "import flask"], check=False, capture_output=True).returncode
        == 0
    )


@pytest.mark.slow  # `make test-slow` makes the environment that it needs
@pytest.mark.skipif(not has_flask(), reason=needs.reason(needs.BENCHMARKS))
def test_serving_is_measured_with_ping_and_flask(tmp_path: Path) -> None:
    out = tmp_path / "bench" / "serve.json"
    serve.main(
        [
            "--out",
            str(out),
            "--turns",
            "1",
            "--seconds",
            "0.3",
            "--connections",
            "4",
            "--sizes",
            "300,200,8,3000",
        ]
    )
    result = json.loads(out.read_text())
    for name in ("ping", "invocations", "uncached", "computed", "flask"):
        assert result[name].keys() == RATES
        assert result[name]["requests_per_second"] > 0
        assert 0 < result[name]["p50_ms"] <= result[name]["p99_ms"]
    rates = {name: result[name]["requests_per_second"] for name in ("invocations", "ping", "flask")}
    assert result["invocations_to_ping"] == pytest.approx(rates["invocations"] / rates["ping"], rel=0.01)
    assert result["times_flask"] == pytest.approx(rates["invocations"] / rates["flask"], rel=0.01)
    assert result["p99_to_ping"] > 0
    assert [size["model"] for size in result["sizes"]] == [str(TINY)]


def test_batch_is_measured_with_the_bare_library(tmp_path: Path) -> None:
    out = tmp_path / "bench" / "batch.json"
    batch.main(["--out", str(out), "--turns", "1", "--sizes", "300,200,8,3000"])
    result = json.loads(out.read_text())
    for name in ("multi_record", "single_record", "bare"):
        assert result[f"{name}_users_per_second"] > 0
    ratio = result["multi_record_users_per_second"] / result["bare_users_per_second"]
    assert result["multi_record_to_bare"] == pytest.approx(ratio, rel=0.01)


@pytest.mark.slow  # a fit and three servers
def test_scale_is_measured_with_and_without_a_fit(tmp_path: Path) -> None:
    out = tmp_path / "bench" / "scale.json"
    sizes = ["300,200,8,3000,1", "600,400,8,3000,0"]
    scale.main(["--out", str(out), "--seconds", "0.3", "--connections", "2", "--sizes", *sizes])
    fitted, synthetic = json.loads(out.read_text())["rows"]
    assert fitted["fit_seconds"] > 0
    assert fitted["fit_peak_mb"] > 10
    assert (fitted["factors_are_synthetic"], synthetic["factors_are_synthetic"]) == (False, True)
    assert "fit_seconds" not in synthetic
    scale.main(["--out", str(out), "--seconds", "0.3", "--patience", "0.01", "--sizes", sizes[0]])
    given_up = json.loads(out.read_text())["rows"][0]
    assert (given_up["fit_given_up_after_seconds"], given_up["factors_are_synthetic"]) == (0.01, True)
    assert given_up["requests_per_second"] > 0
    for row in (fitted, synthetic):
        assert row["load_seconds"] > 0
        assert row["requests_per_second"] > 0
        assert row["workers"] == 2
        assert row["proportional_mb_sum"] < row["resident_mb_sum"]


class World:
    """A clock, and a server that takes ten milliseconds of it for each request; it answers in turn."""

    SECONDS = 0.01

    def __init__(self) -> None:
        self.now = 100.0
        self.due: deque[tuple[float, load._Connection]] = deque()

    def perf_counter(self) -> float:
        return self.now

    def process_time(self) -> float:
        return 0.0

    def ask(self, connection: load._Connection) -> None:
        begin = max([self.now, *(until for until, _ in self.due)])
        self.due.append((begin + self.SECONDS, connection))

    def select(self, _busy: object, _: object, __: object, pause: float) -> tuple[list[load._Connection]]:
        """Let time pass until an answer is there, or for so long."""
        if not self.due or self.due[0][0] > self.now + pause:
            self.now += pause + 1e-9
            return ([],)
        until, answered = self.due.popleft()
        self.now = max(self.now, until)
        return ([answered],)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    class Connection(load._Connection):
        def __init__(self, port: int) -> None:
            self.begun = 0.0

        def send(self, request: bytes, begun: float) -> None:
            self.begun = begun
            made.ask(self)

        def receive(self) -> bool:
            return True

        def close(self) -> None: ...

    monkeypatch.setattr(load, "_Connection", Connection)
    monkeypatch.setattr(load, "select", made.select)
    monkeypatch.setattr(load, "time", made)
    return made


def test_the_load_generator_counts_waiting_for_a_connection_as_latency(world: World) -> None:
    """An open loop at more than a server can do must show the queue."""
    ping = [load.get("/ping")]
    closed = load.run(0, ping, seconds=0.5, connections=2)
    within = load.run(0, ping, seconds=0.5, connections=2, rate=closed.requests_per_second / 10)
    beyond = load.run(0, ping, seconds=0.5, connections=2, rate=closed.requests_per_second * 20)
    assert closed.requests_per_second == pytest.approx(100, rel=0.05)
    assert within.requests_per_second == pytest.approx(closed.requests_per_second / 10, rel=0.2)
    assert beyond.percentile(50) > 50 > within.percentile(50)


def test_an_answer_that_is_no_success_ends_the_measurement(tmp_path: Path) -> None:
    save_synthetic(tmp_path / "model", TINY)
    with serving(tmp_path, 1) as (port, _), pytest.raises(ConnectionError, match="the server answered"):
        load.run(port, [load.post("/invocations", b"{}")], connections=1, count=1)
