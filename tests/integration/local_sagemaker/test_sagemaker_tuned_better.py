"""A tuned run beats an untuned one, on rows that neither has seen: for real, on a generated shop."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.sagemaker.programs.ports import free_port
from local.sagemaker.settings import ALGORITHM_DIR
from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from retailrec.generate import Shape, write
from retailrec_shared.core import names
from retailrec_shared.core.tuning_ranges import VALIDATION_METRIC
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.sagemaker import requests as sagemaker_requests
from retailrec_shared.sagemaker import tuning_requests
from tests.environment import settings
from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, sagemaker

ROWS, JOBS = 40_000, 14
UPLOAD = Upload(bucket="raw", key="shop.csv", etag="e", size=1, uploaded_at="2026-01-01T00:00:00.000Z")
# One thread and one seed give one model, and one job after the other one search: the same every time.
ONE_THREAD = {"SM_NUM_CPUS": "1"}
PATIENCE = 1500.0

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def shop(_laptop: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A local SageMaker that runs the project's own algorithm, over a generated shop's rows."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder / "shop.csv", Shape.of_rows(ROWS), seed=1)
    prepare_file(folder / "shop.csv", folder / "run", Options(profile="retail", split="temporal", top_n=10))
    port = free_port()
    with sagemaker(port, _laptop.aws, folder, "--algorithm-dir", str(ALGORITHM_DIR)):
        second = _laptop.second_server(port)
        for algorithm in ("bpr", "als"):
            for relative in (names.TRAIN_CSV, names.TEST_CSV):
                key = names.run_key(run(algorithm, "off").run_id, relative)
                second.put(key, (folder / "run" / relative).read_bytes())
        yield second


def run(algorithm: str, tuning: str) -> Run:
    configured = settings(
        algorithm=algorithm, tuning=tuning, tuning_jobs_in_total=JOBS, tuning_jobs_in_parallel=1
    )
    run_id = names.run_id("raw", algorithm, "e", {})
    return Run(run_id=run_id, upload=UPLOAD, configuration=configured.run_configuration())


def ended(describe: Any, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (found := describe())[status] == "InProgress":
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert found[status] == "Completed", found
    return dict(found)


def metrics(shop: Laptop, job: str) -> dict[str, float]:
    described = ended(lambda: shop.sm.describe_training_job(TrainingJobName=job), "TrainingJobStatus")
    return {each["MetricName"]: each["Value"] for each in described["FinalMetricDataList"]}


def untuned(shop: Laptop, algorithm: str) -> dict[str, float]:
    where = settings(data_bucket=BUCKET, sagemaker_role_arn=shop.role)
    request: Any = sagemaker_requests.training_job(where, run(algorithm, "off"))
    shop.sm.create_training_job(**request, Environment=ONE_THREAD)
    return metrics(shop, request["TrainingJobName"])


def tuned(shop: Laptop, algorithm: str) -> dict[str, float]:
    where = settings(data_bucket=BUCKET, sagemaker_role_arn=shop.role)
    request: Any = tuning_requests.tuning_job(where, run(algorithm, "on"))
    request["TrainingJobDefinition"]["Environment"] = ONE_THREAD
    shop.sm.create_hyper_parameter_tuning_job(**request)
    name = request["HyperParameterTuningJobName"]
    job = ended(
        lambda: shop.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        "HyperParameterTuningJobStatus",
    )
    trials = shop.trials(name)
    assert len(trials) == JOBS
    best = job["BestTrainingJob"]
    values = [each["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for each in trials]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == max(values), VALIDATION_METRIC
    assert job["TrainingJobStatusCounters"]["Stopped"] > 0, "some of that many lead nowhere"
    return metrics(shop, best["TrainingJobName"])


@pytest.mark.parametrize(
    "algorithm",
    [pytest.param("als", marks=pytest.mark.slow), pytest.param("bpr", marks=pytest.mark.soak)],
)
def test_a_tuned_run_beats_the_untuned_one_on_held_out_rows(shop: Laptop, algorithm: str) -> None:
    before, after = untuned(shop, algorithm), tuned(shop, algorithm)
    for name in ("ndcg@20_new_items", "p@k(10)"):
        print(f"{algorithm} {name}: {before[name]:.4f} untuned, {after[name]:.4f} tuned")  # noqa: T201
    assert after["ndcg@20_new_items"] > before["ndcg@20_new_items"]
