"""Tuning jobs: each of their training jobs is a real one, on a program that climbs a hill."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.models.marketplace import published_arn
from local.sagemaker.programs.ports import free_port
from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, sagemaker, wait_until

LIMITS = "ResourceLimits"
MARKETPLACE = published_arn("us-east-1")


def refusal(laptop: Laptop, name: str, **changes: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        laptop.sm.create_hyper_parameter_tuning_job(**laptop.tuning_request(name, **changes))
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def limits(total: int, at_once: int) -> dict[str, Any]:
    return {LIMITS: {"MaxNumberOfTrainingJobs": total, "MaxParallelTrainingJobs": at_once}}


@pytest.fixture(scope="module")
def hill(_laptop: Laptop) -> dict[str, Any]:
    """A search that tests share: six jobs, two at once."""
    _laptop.tune("hill", Tags=[{"Key": "of", "Value": "test"}], fixed={"pause": "0.1"})
    return _laptop.tuned("hill")


def test_a_search_trains_for_real_and_finds_the_best(laptop: Laptop, hill: dict[str, Any]) -> None:
    trials = laptop.trials("hill")
    assert hill["HyperParameterTuningJobStatus"] == "Completed"
    assert hill["TrainingJobStatusCounters"] == {
        "Completed": 6, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0,
    }  # fmt: skip
    assert hill["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}
    assert len(trials) == len({trial["TunedHyperParameters"]["x"] for trial in trials}) == 6
    best = hill["BestTrainingJob"]
    values = [trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in trials]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == max(values)
    assert max(values) > values[0], "the middle of the range is not the top"
    assert hill["HyperParameterTuningEndTime"] >= hill["CreationTime"]
    took = [each["TrainingEndTime"] - each["TrainingStartTime"] for each in trials]
    seconds = sum(max(1, round(each.total_seconds())) for each in took)  # as DescribeTrainingJob says
    assert hill["ConsumedResources"]["RuntimeInSeconds"] == seconds

    trained = laptop.sm.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert trained["TuningJobArn"] == hill["HyperParameterTuningJobArn"]
    assert trained["HyperParameters"] == {
        "behaviour": "climb", "pause": "0.1", "_tuning_objective_metric": "height",
        **best["TunedHyperParameters"],
    }  # fmt: skip
    assert trained["FinalMetricDataList"][0]["Value"] == max(values)
    assert laptop.get(f"models/{best['TrainingJobName']}/output/model.tar.gz")
    tags = laptop.sm.list_tags(ResourceArn=trained["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "of", "Value": "test"}]


@pytest.mark.usefixtures("hill")
def test_lists_filter_and_sort(laptop: Laptop) -> None:
    ranked = laptop.trials("hill", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    values = [trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in ranked]
    assert values == sorted(values, reverse=True)
    assert not laptop.trials("hill", StatusEquals="Failed")
    (found,) = laptop.sm.list_hyper_parameter_tuning_jobs(NameContains="hill")[
        "HyperParameterTuningJobSummaries"
    ]
    assert (found["HyperParameterTuningJobStatus"], found["Strategy"]) == ("Completed", "Bayesian")
    assert found[LIMITS]["MaxNumberOfTrainingJobs"] == 6


@pytest.mark.usefixtures("hill")
def test_no_more_jobs_run_at_once_than_was_asked(laptop: Laptop) -> None:
    spans = [(t["CreationTime"], t["TrainingEndTime"]) for t in laptop.trials("hill")]
    at_once = [sum(start <= begin < end for start, end in spans) for begin, _ in spans]
    assert max(at_once) == 2


def test_hopeless_jobs_are_stopped_early(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "board").touch()
    config = {"TrainingJobEarlyStoppingType": "Auto", **limits(10, 1)}
    laptop.tune("early", config=config, fixed={"board": str(tmp_path / "board")})
    job = laptop.tuned("early")
    trials = laptop.trials("early")
    stopped = [trial for trial in trials if trial["TrainingJobStatus"] == "Stopped"]
    assert stopped
    assert job["TrainingJobStatusCounters"]["Stopped"] == len(stopped)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["BestTrainingJob"]["TrainingJobStatus"] == "Completed"
    assert all(trial["ObjectiveStatus"] == "Succeeded" for trial in stopped)
    assert not any(trial in stopped for trial in trials[:3]), "three others are needed for early stopping"


@pytest.mark.slow  # a search of its own
def test_a_search_that_is_stopped_stops_its_jobs_and_keeps_its_best(laptop: Laptop) -> None:
    laptop.tune("halted", config=limits(700, 2))
    wait_until(lambda: len(laptop.trials("halted", StatusEquals="Completed")) >= 2)
    laptop.sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="halted")
    job = laptop.tuned("halted")
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["BestTrainingJob"]["TrainingJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["InProgress"] == 0
    assert job["TrainingJobStatusCounters"]["Completed"] < 700
    with pytest.raises(ClientError, match="is in status Stopped"):
        laptop.sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="halted")


@pytest.mark.slow  # a search of its own
def test_a_search_of_jobs_that_all_fail_gives_up(laptop: Laptop) -> None:
    laptop.tune("hopeless", config=limits(20, 2), fixed={"behaviour": "fail"})
    job = laptop.tuned("hopeless")
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after ")
    assert "BestTrainingJob" not in job
    trials = laptop.trials("hopeless")
    assert 6 <= len(trials) <= 7
    assert "The training channel is empty." in trials[0]["FailureReason"]


@pytest.mark.slow  # a search of its own
def test_a_job_that_reports_nothing_taught_nothing(laptop: Laptop) -> None:
    ranges = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "-2", "MaxValue": "-1"}]}
    laptop.tune("silent", config={"ParameterRanges": ranges, **limits(2, 1)})
    job = laptop.tuned("silent")
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["ObjectiveStatusCounters"]["Failed"] == 2


def test_a_warm_start_begins_from_the_parents_best(laptop: Laptop, hill: dict[str, Any]) -> None:
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "hill"}],
        "WarmStartType": "TransferLearning",
    }
    pause = {"pause": "0.1"}
    laptop.tune("child", config=limits(2, 1), WarmStartConfig=warm, fixed=pause.copy())
    child = laptop.tuned("child")
    assert child["WarmStartConfig"] == warm
    first = laptop.trials("child")[0]
    assert first["TunedHyperParameters"] == hill["BestTrainingJob"]["TunedHyperParameters"]
    other = {"Type": "Minimize", "MetricName": "height"}
    assert refusal(
        laptop, "grandchild", WarmStartConfig=warm, config={"HyperParameterTuningJobObjective": other}
    ) == ("ValidationException", "The objective differs from that of parent hill.")
    assert "differ from those" in refusal(laptop, "grandchild", WarmStartConfig=warm, fixed={"y": "1"})[1]
    identical = warm | {"WarmStartType": "IdenticalDataAndAlgorithm"}
    assert "use TransferLearning" in refusal(laptop, "grandchild", WarmStartConfig=identical, fixed=pause)[1]
    nobody = warm | {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}]}
    assert refusal(laptop, "grandchild", WarmStartConfig=nobody, fixed=pause)[0] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"HyperParameterTuningJobName": "a" * 33}, "ValidationException", "less than or equal to 32"),
        ({"config": limits(2, 3)}, "ValidationException", "less than or equal to MaxNumberOfTrainingJobs"),
        ({"config": limits(751, 1)}, "ResourceLimitExceeded", "is 750"),
        ({"config": limits(200, 101)}, "ResourceLimitExceeded", "is 100"),
        ({"config": {"Strategy": "Grid"}}, "ValidationException", "not supported"),
        ({"config": {LIMITS: {"MaxParallelTrainingJobs": 1}}}, "ValidationException", "is required"),
        ({"config": {"ParameterRanges": {}}}, "ValidationException", "At least one"),
        ({"fixed": {"x": "1"}}, "ValidationException", "both static and searched: x"),
        ({"fixed": {"_tuning_x": "1"}}, "ValidationException", "must not begin with"),
        (
            {"config": {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "p"}}},
            "ValidationException",
            "Objective metric p is not defined",
        ),
        ({"TrainingJobDefinition": None}, "ValidationException", "TrainingJobDefinition is required"),
        (
            {"definition": {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/x"}}},
            "ValidationException",
            "not supported",
        ),
    ],
)
def test_what_sagemaker_refuses_is_refused(
    laptop: Laptop, changes: dict[str, Any], code: str, words: str
) -> None:
    found = refusal(laptop, "refused", **changes)
    assert found[0] == code
    assert words in found[1]


def test_a_name_is_spent_and_a_stranger_unknown(laptop: Laptop) -> None:
    laptop.tune("spent", config=limits(1, 1))
    assert refusal(laptop, "spent")[0] == "ResourceInUse"
    with pytest.raises(ClientError) as missing:
        laptop.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="stranger")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFound"
    laptop.tuned("spent")


def test_quotas_of_instances_and_of_jobs_hold(laptop: Laptop) -> None:
    laptop.admin(
        "POST", "/_faults",
        {"fault": "quota", "kind": "training-job", "instance_type": "ml.m5.large", "limit": 1},
    )  # fmt: skip
    assert refusal(laptop, "wide")[0] == "ResourceLimitExceeded"
    laptop.admin("DELETE", "/_faults")
    laptop.admin(
        "POST", "/_faults",
        {"fault": "quota", "kind": "hyper-parameter-tuning-job", "instance_type": "concurrent", "limit": 0},
    )  # fmt: skip
    assert refusal(laptop, "many")[0] == "ResourceLimitExceeded"


@pytest.mark.slow  # two servers more
def test_what_a_killed_server_was_tuning_has_failed(laptop: Laptop, tmp_path: Path) -> None:
    port = free_port()
    with sagemaker(port, laptop.aws, tmp_path) as process:
        other = laptop.second_server(port)
        other.tune("lost", config=limits(4, 1), fixed={"pause": "5"})
        wait_until(lambda: other.trials("lost", StatusEquals="InProgress"))
        process.kill()
        process.wait()
    with sagemaker(port, laptop.aws, tmp_path):
        job = other.tuned("lost")
        assert job["HyperParameterTuningJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("InternalServerError")
        assert [trial["TrainingJobStatus"] for trial in other.trials("lost")] == ["Failed"]


def bought(**ranges: str) -> dict[str, Any]:
    """Ask for a search with the Marketplace's algorithm over one of its hyperparameters."""
    given = {"Name": "factors", "MinValue": "20", "MaxValue": "200"} | ranges
    return {
        "config": {
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "p@k(10)"},
            "ParameterRanges": {"IntegerParameterRanges": [given]},
            **limits(2, 1),
        },
        "definition": {
            "AlgorithmSpecification": {"AlgorithmName": MARKETPLACE, "TrainingInputMode": "File"},
            "StaticHyperParameters": {"iterations": "10"},
            "EnableNetworkIsolation": True,
        },
    }


def test_a_marketplace_algorithm_is_tuned_by_its_own_metric(laptop: Laptop) -> None:
    laptop.tune("bought", **bought())
    job = laptop.tuned("bought")
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    value = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert value["MetricName"] == "p@k(10)"
    assert job["ConsumedResources"]["RuntimeInSeconds"] >= 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (bought(MaxValue="99999"), "outside of its range"),
        (bought(Name="negative_pool"), "not tunable in the algorithm: negative_pool"),
        (bought(Name="use_gpu"), "not tunable in the algorithm: use_gpu"),
        (
            bought() | {"definition": bought()["definition"] | {"EnableNetworkIsolation": False}},
            "EnableNetworkIsolation",
        ),
    ],
)
def test_a_marketplace_algorithm_is_searched_within_its_contract_alone(
    laptop: Laptop, changes: dict[str, Any], words: str
) -> None:
    code, message = refusal(laptop, "beyond", **changes)
    assert code == "ValidationException"
    assert words in message
