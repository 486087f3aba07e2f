"""What is searched, how SageMaker is asked for it, and what an earlier search is good for."""

from pathlib import Path
from typing import Any

import pytest

from local.sagemaker.http import service_model
from local.sagemaker.http.validation import violations
from local.sagemaker.tuning.space import Numbers, read_space
from recommender.hyperparameters import VALIDATION_METRIC as IMAGES_METRIC
from recommender.hyperparameters import parse_hyperparameters
from retailrec_shared.core import names, tuning_ranges
from retailrec_shared.core.settings import HYPERPARAMETERS, Settings
from retailrec_shared.core.status import Stage
from retailrec_shared.core.tuning_ranges import MARKETPLACE, RANGES, VALIDATION_METRIC, Range
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.sagemaker import tuning_requests
from tests.environment import settings

ARN = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
DOCS = Path(__file__).parents[4] / "docs" / "tuning.md"
UPLOAD = Upload(bucket="raw", key="a.csv", etag="e", size=1, uploaded_at="2026-01-02T11:00:00.000Z")
SEARCHABLE = [name for name, ranges in RANGES.items() if ranges and name != MARKETPLACE]


def tuned(**changes: Any) -> tuple[Settings, Run]:
    """Make settings with Tuning on and some changes, and a run under them."""
    chosen = settings(tuning="on", **changes)
    return chosen, Run(run_id="0123456789abcdef", upload=UPLOAD, configuration=chosen.run_configuration())


def of_marketplace(**changes: Any) -> tuple[Settings, Run]:
    return tuned(algorithm_arn=ARN, algorithm_image_uri="", **changes)


@pytest.mark.parametrize("algorithm", [*SEARCHABLE, MARKETPLACE])
@pytest.mark.parametrize("spot", ["on", "off"])
@pytest.mark.parametrize("parent", [None, "tuning-fedcba9876543210"])
def test_a_request_satisfies_the_service_model(algorithm: str, spot: str, parent: str | None) -> None:
    chosen, run = of_marketplace() if algorithm == MARKETPLACE else tuned(algorithm=algorithm)
    chosen = chosen.model_copy(update={"training_spot": spot, "stack_name": "s" * 40})
    request: Any = tuning_requests.tuning_job(chosen, run, parent)
    shape = service_model.operation("CreateHyperParameterTuningJob").input_shape
    assert shape is not None
    assert list(violations(shape, request, "")) == []
    assert len(request["TrainingJobDefinition"]["AlgorithmSpecification"].get("MetricDefinitions", [])) <= 40
    assert "CheckpointConfig" not in request["TrainingJobDefinition"]
    assert ("WarmStartConfig" in request) is bool(parent)


@pytest.mark.parametrize("algorithm", [*SEARCHABLE, MARKETPLACE])
def test_both_ends_of_every_range_are_what_the_image_takes(algorithm: str) -> None:
    _, run = of_marketplace() if algorithm == MARKETPLACE else tuned(algorithm=algorithm)
    fixed: Any = tuning_requests.tuning_job(settings(), run)["TrainingJobDefinition"]["StaticHyperParameters"]
    for name, among in read_space(tuning_requests.parameter_ranges(run)).items():
        assert name not in fixed
        ends = [f"{among.low:g}", f"{among.high:g}"] if isinstance(among, Numbers) else among.values
        for value in ends:
            assert among.holds(value)
            parse_hyperparameters({**fixed, name: value})


def test_a_marketplace_algorithm_is_asked_for_the_contract_alone() -> None:
    chosen, run = of_marketplace(factors=64)
    request: Any = tuning_requests.tuning_job(chosen, run)
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    assert config["HyperParameterTuningJobObjective"] == {"Type": "Maximize", "MetricName": "p@k(10)"}
    assert definition["StaticHyperParameters"] == {"factors": "64"}
    searched = {entry["Name"] for entries in config["ParameterRanges"].values() for entry in entries}
    assert searched == set(HYPERPARAMETERS) - {"factors"}
    assert definition["AlgorithmSpecification"] == {"AlgorithmName": ARN, "TrainingInputMode": "File"}
    assert definition["EnableNetworkIsolation"] is True


def test_our_image_is_judged_by_a_slice_of_its_training_rows() -> None:
    chosen, run = tuned()
    request: Any = tuning_requests.tuning_job(chosen, run)
    metrics = [
        each["Name"]
        for each in request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    ]
    objective = request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
    assert objective == VALIDATION_METRIC == IMAGES_METRIC
    assert {objective, "p@k(10)", "ndcg@20_new_items"} <= set(metrics)


def test_what_is_given_is_fixed_and_the_rest_searched() -> None:
    chosen, run = tuned(
        algorithm="als", factors=48, refit="false", tuning_jobs_in_total=5, tuning_jobs_in_parallel=9
    )
    request: Any = tuning_requests.tuning_job(chosen, run)
    config = request["HyperParameterTuningJobConfig"]
    assert request["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "algorithm": "als", "refit": "false", "factors": "48",
    }  # fmt: skip
    assert set(run.searched) == {"iterations", "alpha", "regularization"}
    assert config["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 5, "MaxParallelTrainingJobs": 5}
    assert config["TrainingJobEarlyStoppingType"] == "Auto"


def test_auto_searches_among_algorithms() -> None:
    chosen, run = tuned(algorithm="auto")
    request: Any = tuning_requests.tuning_job(chosen, run)
    assert request["TrainingJobDefinition"]["StaticHyperParameters"] == {"refit": "true"}
    (choice,) = request["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"]
    assert choice == {"Name": "algorithm", "Values": ["bpr", "als", "ease"]}


def test_where_nothing_is_left_to_search_a_run_is_trained_as_ever() -> None:
    given = {"factors": 1, "iterations": 1, "learning_rate": 0.1, "regularization": 0.1}
    for chosen, run in (tuned(algorithm="popularity"), of_marketplace(**given)):
        assert not run.tunes
        assert chosen.run_configuration() == chosen.model_copy(update={"tuning": "off"}).run_configuration()


def test_tuning_makes_another_run_and_its_absence_none() -> None:
    assert "tuning" not in settings().run_configuration()
    assert tuned()[1].tunes
    assert tuned()[1].configuration != tuned(tuning_jobs_in_total=9)[1].configuration


@pytest.mark.parametrize("attempt", [1, 2, 999])
def test_a_tuning_jobs_name_is_short_and_gives_its_run_back(attempt: int) -> None:
    name = names.tuning_job_name("0123456789abcdef", attempt)
    assert len(name) <= 32
    assert names.run_of_tuning_job(name) == "0123456789abcdef"
    assert names.run_of_tuning_job(f"{name}-001-0a1b2c3d") is None, "one of its training jobs"


def earlier(**changes: Any) -> dict[str, Any]:
    """Make what Describe says of a tuning job of an earlier run with the same settings."""
    chosen, run = tuned()
    request: Any = tuning_requests.tuning_job(chosen, run)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["_tuning_objective_metric"] = "x"
    counters = {"TrainingJobStatusCounters": {"Completed": 2}, "HyperParameterTuningJobStatus": "Completed"}
    return {**request, **counters, **changes}


def test_a_search_begins_from_one_like_it() -> None:
    _, run = tuned()
    assert tuning_requests.may_begin_from(run, earlier())
    assert tuning_requests.may_begin_from(run, earlier(HyperParameterTuningJobStatus="Stopped"))


def test_a_parents_training_jobs_count_towards_sagemakers_limit() -> None:
    _, run = tuned(tuning_jobs_in_total=30)
    counters = {"Completed": 700, "Stopped": 15, "NonRetryableError": 5}
    assert tuning_requests.may_begin_from(run, earlier(TrainingJobStatusCounters=counters))
    counters["NonRetryableError"] += 1
    assert not tuning_requests.may_begin_from(run, earlier(TrainingJobStatusCounters=counters))


def test_a_search_begins_from_no_other() -> None:
    _, run = tuned()
    assert not tuning_requests.may_begin_from(run, earlier(HyperParameterTuningJobStatus="InProgress"))
    assert not tuning_requests.may_begin_from(run, earlier(TrainingJobStatusCounters={"Completed": 0}))
    for other in ({"algorithm": "als"}, {"factors": 64}, {"refit": "false"}):
        assert not tuning_requests.may_begin_from(tuned(**other)[1], earlier())
    assert not tuning_requests.may_begin_from(of_marketplace()[1], earlier())


def test_ranges_that_have_changed_since_are_not_begun_from(monkeypatch: pytest.MonkeyPatch) -> None:
    before = earlier()
    monkeypatch.setitem(tuning_ranges.RANGES, "bpr", {**RANGES["bpr"], "factors": Range(16, 512)})
    assert not tuning_requests.may_begin_from(tuned()[1], before)


def test_each_attempt_has_a_job_of_its_own() -> None:
    _, run = tuned()
    again = run.stages | {Stage.TRAIN: run.stages[Stage.TRAIN].model_copy(update={"attempt": 2})}
    assert tuning_requests.job_name(run.model_copy(update={"stages": again})) == "tuning-0123456789abcdef-2"


def test_the_table_of_ranges_in_the_docs_is_the_codes() -> None:
    assert tuning_ranges.as_markdown() in DOCS.read_text(), f"put it there:\n{tuning_ranges.as_markdown()}"
