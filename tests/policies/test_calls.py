"""Which function makes a call is found, and what its role does not allow is found too."""

import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from tests.environment import ENVIRONMENT
from tests.plugins import permissions
from tests.policies import calls
from tests.policies.calls import Checked, caller, problems, problems_if_missing, request_of
from tests.policies.roles import function_names

AN_EVENT = {"Entries": [{"Source": "retailrec", "EventBusName": ENVIRONMENT["EVENT_BUS"]}]}
LEDGER = {"TableName": ENVIRONMENT["LEDGER_TABLE"]}


def in_function(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a module of that name, which does the work."""
    return types.FunctionType(compile("work()", name, "exec"), {"__name__": f"{name}.app", "work": work})


def heard(work: Callable[[], Any]) -> list[Any]:
    """Do the work in the code of start_batch, and return what it returned."""
    found: list[Any] = []
    in_function("start_batch", lambda: found.append(work()))()
    return found


def test_a_call_belongs_to_the_function_whose_code_makes_it() -> None:
    assert heard(caller) == ["start_batch"]
    assert caller() is None


def test_so_does_one_of_a_thread_that_the_function_gave_work_to() -> None:
    def in_a_thread() -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(caller).result()

    with calls.threads_keep_their_function():
        assert heard(in_a_thread) == ["start_batch"]
        assert in_a_thread() is None
    assert heard(in_a_thread) == [None]


@pytest.mark.parametrize("function", sorted(function_names() - {"recommend_api", "check_algorithm"}))
def test_every_function_that_can_fail_a_run_may_say_so(function: str) -> None:
    """The shared code that ends a run publishes RunFailed, whichever function it is called by."""
    assert problems(function, "events", "PutEvents", AN_EVENT) == []


def test_what_a_role_does_not_name_is_refused_with_function_action_and_resource() -> None:
    (problem,) = problems("recommend_api", "events", "PutEvents", AN_EVENT)
    assert problem.startswith("recommend_api may not events:PutEvents on arn:aws:events:")
    assert problem.endswith(":event-bus/retailrec")


@pytest.mark.parametrize(
    ("kind", "action"),
    [("Put", "PutItem"), ("Delete", "DeleteItem"), ("ConditionCheck", "ConditionCheckItem")],
)
def test_each_write_of_a_transaction_needs_its_own_action(kind: str, action: str) -> None:
    entries = {"TransactItems": [{"Update": LEDGER}, {kind: LEDGER}]}
    (problem,) = problems("start_batch", "dynamodb", "TransactWriteItems", entries)
    assert f"dynamodb:{action} on" in problem


def test_a_query_of_an_index_is_on_the_index() -> None:
    assert problems("start_training", "dynamodb", "Query", LEDGER | {"IndexName": "by_upload"}) == []
    assert problems("start_training", "dynamodb", "Query", LEDGER)


def test_a_version_of_an_object_needs_more_than_the_object() -> None:
    asked = {"Bucket": "data", "Key": "runs/x/model/y"}
    assert problems("approve_model", "s3", "GetObject", asked) == []
    (problem,) = problems("approve_model", "s3", "GetObject", asked | {"VersionId": "v1"})
    assert "s3:GetObjectVersion" in problem


def test_a_role_is_passed_and_tags_are_added_by_who_creates() -> None:
    request = {
        "TrainingJobName": "retailrec-x", "RoleArn": "arn:aws:iam::123456789012:role/another",
        "Tags": [{"Key": "retailrec:stack", "Value": "retailrec"}],
    }  # fmt: skip
    (passed,) = problems("start_training", "sagemaker", "CreateTrainingJob", request)
    assert "iam:PassRole on arn:aws:iam::123456789012:role/another" in passed
    assert len(problems("start_batch", "sagemaker", "CreateTrainingJob", request)) == 3


def test_who_creates_a_model_package_must_be_able_to_read_its_artifact() -> None:
    def problems_with(url: str) -> list[str]:
        source = {"AlgorithmName": "x", "ModelDataUrl": url}
        specification = {"SourceAlgorithms": [source]}
        request = {"ModelPackageName": "retailrec-x", "SourceAlgorithmSpecification": specification}
        return problems("approve_model", "sagemaker", "CreateModelPackage", request)

    assert problems_with("s3://data/runs/x/model/retailrec-x/output/model.tar.gz") == []
    read, listed = problems_with("s3://raw/model.tar.gz")
    assert "s3:GetObject on arn:aws:s3:::raw/model.tar.gz" in read
    assert "s3:ListBucket on arn:aws:s3:::raw" in listed


def test_a_function_that_may_not_list_a_bucket_does_not_see_that_an_object_is_missing() -> None:
    assert problems_if_missing("prepare_dataset", "raw") == []
    assert "reads as forbidden" in problems_if_missing("recommend_api", "data")[0]


def test_a_call_without_a_rule_is_a_problem() -> None:
    for service, operation in (("s3", "RestoreObject"), ("sagemaker", "CreateDomain")):
        (problem,) = problems("prepare_dataset", service, operation, {})
        assert operation in problem


def test_transfers_are_uploads_and_downloads() -> None:
    assert request_of("upload_file", ("f", "data", "k"), {})["Key"] == "k"
    found = request_of("download_file", ("raw", "k", "f"), {"ExtraArgs": {"VersionId": "v"}})
    assert (found["Bucket"], found["Key"], found["VersionId"]) == ("raw", "k", "v")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is recorded as refused, kept from the check that follows this test."""
    found: list[str] = []
    monkeypatch.setattr(calls, "refused", found)
    return found


def test_the_calls_of_a_fake_are_recorded(recorded: list[str]) -> None:
    class Fake:
        def put_events(self, Entries: list[Any]) -> str:  # noqa: N803 - AWS's spelling
            return "put"

    client = Checked("events", Fake())
    assert client.put_events(**AN_EVENT) == "put"
    in_function("start_batch", lambda: client.put_events(**AN_EVENT))()
    assert recorded == []
    in_function("recommend_api", lambda: client.put_events(**AN_EVENT))()
    assert len(recorded) == 1


def test_the_calls_of_a_real_client_are_recorded(recorded: list[str]) -> None:
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    answer: Any = lambda **_more: (types.SimpleNamespace(status_code=200), {})  # noqa: E731
    client.meta.events.register_first("before-call", answer)
    asked: Any = {"TableName": "ledger", "Key": {"pk": {"S": "x"}}}
    in_function("recommend_api", lambda: client.get_item(**asked))()
    assert recorded == []
    in_function("recommend_api", lambda: client.delete_item(**asked))()
    assert [each.split(" on ")[0] for each in recorded] == ["recommend_api may not dynamodb:DeleteItem"]


def test_what_is_recorded_fails_the_test() -> None:
    running = permissions.pytest_runtest_call()
    next(running)
    permissions.refused.append("start_batch may not x")
    with pytest.raises(pytest.fail.Exception, match="start_batch may not x"):
        next(running)
    assert permissions.refused == []
