import json
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.integration.local_sagemaker.laptop import PATIENCE, Laptop, signed, wait_until


def post(laptop: Laptop, *faults: dict[str, Any]) -> None:
    laptop.admin("POST", "/_faults", list(faults))


def test_a_call_is_throttled_as_often_as_asked(laptop: Laptop) -> None:
    post(laptop, {"fault": "throttle", "operation": "ListModels", "times": 2})
    laptop.sm.list_endpoints()
    for _ in range(2):
        with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
            laptop.sm.list_models()
    laptop.sm.list_models()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {"host": "evil.example:4600"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "localhost#.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/_faults", "/_logs/training-job/any"])
def test_a_web_page_neither_injects_faults_nor_reads_logs(
    laptop: Laptop, path: str, headers: dict[str, str]
) -> None:
    method = "POST" if path == "/_faults" else "GET"
    fault = b'[{"fault": "throttle", "operation": "ListModels", "times": 1}]'
    signatures = signed(method, laptop.url + path, fault)
    answer = httpx.request(
        method, laptop.url + path, content=fault, headers=signatures | headers, timeout=PATIENCE,
        trust_env=False,
    )  # fmt: skip
    assert answer.status_code == 403
    laptop.sm.list_models()


def test_a_body_nested_without_end_is_no_json(laptop: Laptop) -> None:
    body, target = b"[" * 100_000, {"x-amz-target": "SageMaker.ListModels"}
    headers = signed("POST", f"{laptop.url}/", body, **target)
    answer = httpx.post(f"{laptop.url}/", content=body, headers=headers, timeout=PATIENCE, trust_env=False)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def test_a_quota_of_zero_and_its_increase(laptop: Laptop) -> None:
    running = {"StatusEquals": "InProgress"}
    wait_until(lambda: not laptop.sm.list_training_jobs(**running)["TrainingJobSummaries"])  # of other tests
    quota = {"fault": "quota", "kind": "training-job", "instance_type": "ml.m5.large"}
    post(laptop, {**quota, "limit": 0})
    with pytest.raises(ClientError) as caught:
        laptop.train("poor")
    assert caught.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    assert "'ml.m5.large for training job usage' is 0 Instances" in str(caught.value)

    post(laptop, {**quota, "limit": 1})
    laptop.train("poor", "hang")
    with pytest.raises(ClientError, match="current utilization of 1 Instances"):
        laptop.train("poor-2")
    laptop.sm.stop_training_job(TrainingJobName="poor")
    laptop.trained("poor")
    laptop.train("poor-2")
    laptop.trained("poor-2")


def test_a_serverless_endpoint_has_a_quota_too(laptop: Laptop) -> None:
    laptop.make_config("modest")
    post(laptop, {"fault": "quota", "kind": "endpoint", "instance_type": "serverless", "limit": 0})
    with pytest.raises(ClientError, match="ResourceLimitExceeded"):
        laptop.sm.create_endpoint(EndpointName="modest", EndpointConfigName="modest")


def test_a_job_fails_with_the_reason_asked_for(laptop: Laptop) -> None:
    post(laptop, {"fault": "fail", "kind": "training-job", "reason": "CapacityError: Unable to provision"})
    laptop.train("unlucky")
    laptop.train("lucky")

    assert laptop.trained("unlucky")["FailureReason"] == "CapacityError: Unable to provision"
    assert laptop.trained("lucky")["TrainingJobStatus"] == "Completed"


def test_a_rollback_can_fail(laptop: Laptop) -> None:
    laptop.make_endpoint("torn-endpoint")
    laptop.make_config("torn-endpoint-2")
    post(laptop, {"fault": "fail", "kind": "endpoint", "rollback_fails": True})

    laptop.sm.update_endpoint(EndpointName="torn-endpoint", EndpointConfigName="torn-endpoint-2")

    assert laptop.settled("torn-endpoint")["EndpointStatus"] == "UpdateRollbackFailed"
    assert laptop.ask("torn-endpoint")["model"] == "torn-endpoint"


def test_a_call_can_work_and_seem_not_to(laptop: Laptop) -> None:
    post(laptop, {"fault": "lose-reply", "operation": "CreateModel"})

    with pytest.raises(ClientError, match="InternalFailure"):
        laptop.make_model("schroedinger")

    assert laptop.sm.describe_model(ModelName="schroedinger")["ModelName"] == "schroedinger"


def test_the_board_lists_clears_and_refuses_nonsense(laptop: Laptop) -> None:
    post(laptop, {"fault": "throttle", "times": 3}, {"fault": "slow", "kind": "endpoint", "seconds": 9})
    with pytest.raises(ClientError):
        laptop.sm.list_models()
    listed = json.loads(laptop.admin("GET", "/_faults"))
    assert [fault["times"] for fault in listed] == [2, 1]

    nonsense = [{"fault": "slow", "kind": "endpoint", "seconds": 1}, {"fault": "earthquake"}]
    assert "earthquake" in laptop.admin("POST", "/_faults", nonsense, status=400)
    assert json.loads(laptop.admin("GET", "/_faults")) == listed

    assert json.loads(laptop.admin("DELETE", "/_faults")) == []
    laptop.sm.list_models()


def test_health_needs_no_key_and_logs_and_faults_do(laptop: Laptop) -> None:
    assert httpx.get(f"{laptop.url}/_health", trust_env=False).json()["status"] == "ok"
    for path in ("/_logs/training-job/nobody", "/_faults"):
        assert httpx.get(laptop.url + path, trust_env=False).status_code == 403
    for path in ("/_logs/training-job/nobody", "/_logs/model/..%2f..%2fetc"):
        laptop.admin("GET", path, status=404)


def test_an_operation_nobody_knows(laptop: Laptop) -> None:
    with pytest.raises(ClientError, match="UnknownOperation"):
        laptop.sm.list_notebook_instances()


INTERNAL = "InternalServerError: We encountered an internal error. Please try again."


def test_a_job_starts_again_after_an_internal_error_as_often_as_its_retry_strategy_says(
    laptop: Laptop,
) -> None:
    post(laptop, {"fault": "fail", "kind": "training-job", "reason": INTERNAL, "times": 2})
    laptop.train("retried", RetryStrategy={"MaximumRetryAttempts": 2})
    job = laptop.trained("retried")
    assert (job["TrainingJobStatus"], job.get("FailureReason")) == ("Completed", None)
    assert [each["Status"] for each in job["SecondaryStatusTransitions"]].count("Starting") == 3
    assert job["RetryStrategy"] == {"MaximumRetryAttempts": 2}


def test_a_job_fails_when_its_retries_are_used_up_or_the_error_is_its_own(laptop: Laptop) -> None:
    post(laptop, {"fault": "fail", "kind": "training-job", "reason": INTERNAL, "times": 2})
    laptop.train("used-up", RetryStrategy={"MaximumRetryAttempts": 1})
    assert laptop.trained("used-up")["FailureReason"] == INTERNAL
    post(laptop, {"fault": "fail", "kind": "training-job"})
    laptop.train("own-error", RetryStrategy={"MaximumRetryAttempts": 1})
    assert laptop.trained("own-error")["FailureReason"] == "AlgorithmError: a fault was injected"


def test_a_call_is_refused_with_the_error_asked_for(laptop: Laptop) -> None:
    post(laptop, {"fault": "refuse", "operation": "CreateTrainingJob", "message": "Could not assume role r."})
    with pytest.raises(ClientError, match=r"ValidationException.*Could not assume role r\."):
        laptop.train("new-role")
    laptop.train("new-role")
    laptop.trained("new-role")


def test_metrics_can_be_late(laptop: Laptop) -> None:
    laptop.train("measured-late")
    on_time = laptop.trained("measured-late")
    post(laptop, {"fault": "late-metrics"})
    assert "FinalMetricDataList" not in laptop.sm.describe_training_job(TrainingJobName="measured-late")
    again = laptop.sm.describe_training_job(TrainingJobName="measured-late")
    assert again.get("FinalMetricDataList") == on_time.get("FinalMetricDataList") is not None
