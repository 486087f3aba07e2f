"""`sam local start-api` answers the REST routes, before and after a run goes live."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from local.cloud.deployment import sam_program
from local.cloud.services import environment_without_aws
from local.sagemaker.programs.ports import free_port
from local.samlocal.invocation import pulling
from tests.sam_local.world import Row, World
from tests.signals import interruptible

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    port = free_port()
    command = [sam_program(), "local", "start-api", "--template", str(world.template), "--port", str(port)]
    command += ["--warm-containers", "LAZY", "--region", "us-east-1", *pulling()]
    log = world.template.parent / "start-api.log"
    with log.open("wb") as output, interruptible():
        process = subprocess.Popen(
            command,
            env=environment_without_aws() | {"SAM_CLI_TELEMETRY": "0"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 600
            while "Press CTRL+C" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(300)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.parametrize(
    ("route", "member"),
    [
        pytest.param("recommendations", "recommendations", marks=pytest.mark.slow),
        pytest.param("purchases", "purchases", marks=pytest.mark.soak),
    ],
)
def test_a_route_answers(world: World, address: str, route: str, member: str) -> None:
    row = Row("RecommendApiFunction", f"start-api: GET /customers/13085/{route}")
    world.rows.append(row)
    began = time.monotonic()
    answer = httpx.get(f"{address}/customers/13085/{route}", timeout=120, trust_env=False)
    row.duration_ms = 1000 * (time.monotonic() - began)
    live = world.stack.ledger().pointer("live")
    if live is None:
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    else:
        assert (answer.status_code, answer.json()["run_id"]) == (200, live)
        assert len(answer.json()[member]) == 10
    row.outcome = f"status {answer.status_code}"


@pytest.mark.slow
def test_a_bad_request_is_refused(world: World, address: str) -> None:
    url = f"{address}/customers/13085/recommendations"
    answer = httpx.get(url, params={"top_n": "many"}, timeout=120, trust_env=False)
    assert 400 <= answer.status_code < 500
