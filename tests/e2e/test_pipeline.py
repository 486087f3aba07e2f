"""A dropped file becomes recommendations, on the real template, deployed by the real sam."""

import json
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec.views.quality import read_quality
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from tests import needs
from tests.e2e.conftest import ANSWER_SECONDS, ROWS, await_endpoint, drop, follow
from tests.e2e.signed_requests import settle
from tests.environment import ROOT

MANY = 60  # more than fit into one read of descriptions, while two runs are asked for them

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_a_dropped_file_goes_live(first_run: Run) -> None:
    assert first_run.status is RunStatus.LIVE, first_run.outcome.reason
    assert all(first_run.ended(stage) for stage in Stage)
    assert first_run.counts["rows_read"] == pytest.approx(ROWS, rel=0.05)
    assert first_run.counts["train_rows"] + first_run.counts["test_rows"] == first_run.counts["interactions"]
    assert first_run.metrics["p@k(10)_new_items"] > first_run.metrics["p@k(10)_popularity_new_items"]


@pytest.mark.parametrize("customer", ["13085", "17519"])
def test_the_demos_customers_get_ten_different_items_with_descriptions(
    stack: Stack, live_run: Run, customer: str
) -> None:
    answer = await_endpoint(stack, customer, 10, live_run.run_id)
    assert (answer.source, answer.run_id) == ("endpoint", live_run.run_id)
    assert len({item.item_id for item in answer.recommendations}) == 10
    assert all(item.description for item in answer.recommendations)
    scores = [item.score for item in answer.recommendations]
    assert scores == sorted(scores, reverse=True)


def test_an_unknown_customer_gets_popular_items_marked_as_such(stack: Stack, live_run: Run) -> None:
    answer = stack.api().recommendations("no-such-customer", 10)
    assert answer.source == "popular"
    assert len(answer.recommendations) == 10


@pytest.mark.parametrize("headers", [{}, {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIANOBODY/x"}])
def test_a_request_without_a_good_signature_is_refused(
    stack: Stack, live_run: Run, headers: dict[str, str]
) -> None:
    url = f"{stack.api_url}/customers/13085/recommendations"
    assert httpx.get(url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False).status_code == 403


@needs.with_curl
def test_readmes_curl_asks_the_api_and_not_with_a_wrong_secret(stack: Stack, live_run: Run) -> None:
    readme = (ROOT / "README.md").read_text()
    written = re.search(r"```sh\n(curl --aws-sigv4 .*?)```", readme, re.DOTALL)
    assert written
    assert 'eval "$(.venv/bin/retailrec keys)"' in readme
    command = written[1].replace("REGION", "us-east-1").replace("curl ", "curl --silent --noproxy '*' ", 1)

    def answer(before: str) -> Any:
        script = f'eval "$(.venv/bin/retailrec keys)"\n{before}\n{command}'
        run = subprocess.run(["/bin/sh", "-euc", script], cwd=ROOT, capture_output=True, check=True)
        return json.loads(run.stdout)

    (answered,) = answer("")["answers"]
    assert (answered["customer_id"], len(answered["recommendations"])) == ("13085", 10)
    refused = answer("AWS_SECRET_ACCESS_KEY=wrong")["message"]
    assert refused.startswith("The request signature we calculated does not match")
    unknown = answer("AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")["message"]
    assert unknown == "The security token included in the request is invalid."


def test_everything_a_run_promises_is_in_the_data_bucket(stack: Stack, live_run: Run) -> None:
    pages = stack.s3().list_objects_v2(
        Bucket=stack.output("DataBucket"), Prefix=names.run_prefix(live_run.run_id)
    )
    written = {thing["Key"].removeprefix(names.run_prefix(live_run.run_id)) for thing in pages["Contents"]}
    assert written >= {
        names.TRAIN_CSV,
        names.TEST_CSV,
        names.TRAIN_PARQUET,
        names.TEST_PARQUET,
        names.REJECTED_PARQUET,
        names.CATALOGUE_JSONL,
        names.HISTORY_JSONL,
        names.POPULAR_JSON,
        names.QUALITY_REPORT_HTML,
        names.QUALITY_REPORT_JSON,
        names.RECOMMENDATIONS_PARQUET,
    }


def test_the_same_file_again_does_nothing(
    stack: Stack, first_run: Run, shop_file: Path, tmp_path: Path
) -> None:
    before = {run.run_id for run in stack.ledger().runs()}
    again = follow(stack, drop(stack, shop_file))
    later = follow(stack, drop(stack, unusable(tmp_path, "dropped later"), "later.csv"))
    run = stack.ledger().get(again.run_id)
    assert run
    assert (run.run_id, run.stages, run.lease.acquired) == (first_run.run_id, first_run.stages, 1)
    assert {run.run_id for run in stack.ledger().runs()} - {later.run_id} == before


def unusable(folder: Path, name: str) -> Path:
    """Write a file that is no shop's."""
    path = folder / "people.csv"
    path.write_text(f"name,age\n{name},3\n")
    return path


def test_an_unusable_file_is_rejected_and_the_live_model_stays(
    stack: Stack, live_run: Run, tmp_path: Path
) -> None:
    rejected = follow(stack, drop(stack, unusable(tmp_path, "refused")))
    assert rejected.status is RunStatus.REJECTED
    assert rejected.outcome.reason
    assert stack.ledger().pointer("live") == live_run.run_id
    answer = await_endpoint(stack, "13085", 1, live_run.run_id)
    assert (answer.source, answer.run_id) == ("endpoint", live_run.run_id)


def test_a_changed_file_replaces_the_live_run_without_a_failed_request(
    stack: Stack, live_run: Run, shop_file: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.csv"
    write(changed, Shape.of_rows(ROWS // 2), seed=8)
    settle(stack, live_run.run_id)
    stop = threading.Event()
    answers: list[tuple[str, int]] = []
    failures: list[Exception] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = stack.api().recommendations("13085", MANY)
                answers.append((answer.run_id, len(answer.recommendations)))
            except Exception as error:  # noqa: BLE001 - every failure is what this test looks for
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        second = follow(stack, drop(stack, changed, shop_file.name))
        settle(stack, second.run_id)
        seen = len(answers)
        while len(answers) < seen + 2 and asking.is_alive():  # what was under way, and one more
            time.sleep(0.1)
    finally:
        stop.set()
        asking.join()
    assert second.status is RunStatus.LIVE, second.outcome.reason
    assert failures == []
    assert {count for _, count in answers} == {MANY}
    assert answers[0][0] == live_run.run_id
    assert answers[-1][0] == second.run_id
    first = stack.ledger().get(live_run.run_id)
    assert first is not None
    assert first.status is RunStatus.SUPERSEDED
    quality = read_quality(stack, second.run_id)
    assert {"rows_fell", "unseen_items"} & {warning.code for warning in quality.warnings}
