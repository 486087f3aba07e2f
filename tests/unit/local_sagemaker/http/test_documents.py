"""What is written and read as a document: responses, events, metrics, pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.sagemaker.account import listing, state_changes
from local.sagemaker.account.records import Endpoint as EndpointRecord
from local.sagemaker.account.records import EndpointConfig, Model, TrainingJob
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import ServiceError
from local.sagemaker.http import service_model
from local.sagemaker.http.service_model import serialise
from local.sagemaker.training.metrics import MetricScanner

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)


def test_a_response_holds_what_the_model_knows_with_times_as_numbers() -> None:
    shape = service_model.operation("DescribeModel").output_shape
    assert shape
    answer = {"ModelName": "m", "CreationTime": MOMENT, "Tags": [], "VpcConfig": None}
    assert serialise(shape, answer) == {"ModelName": "m", "CreationTime": MOMENT.timestamp()}


@pytest.mark.parametrize(
    ("api", "event"),
    [
        ("InService", "IN_SERVICE"),
        ("Creating", "CREATING"),
        ("UpdateRollbackFailed", "UPDATE_ROLLBACK_FAILED"),
        ("RollingBack", "ROLLING_BACK"),
    ],
)
def test_events_spell_endpoint_statuses_their_own_way(api: str, event: str) -> None:
    assert state_changes.event_spelling(api) == event


def test_event_times_are_epoch_milliseconds_and_absent_things_absent() -> None:
    job = TrainingJob(name="j", arn="arn:j", request={"TrainingJobName": "j", "Tags": [1]}, created=MOMENT)
    job.transitions.append({"Status": "Starting", "StartTime": MOMENT})

    detail = state_changes.training(job).detail

    assert detail["CreationTime"] == 1772366400250
    assert detail["SecondaryStatusTransitions"] == [{"Status": "Starting", "StartTime": 1772366400250}]
    assert detail["Tags"] == {}
    assert not {"FailureReason", "ModelArtifacts", "TrainingEndTime"} & set(detail)


def test_an_endpoint_event_names_its_configuration() -> None:
    config = EndpointConfig(name="c", arn="arn:c", request={})
    endpoint = EndpointRecord(name="e", arn="arn:e", request={}, config=config, status="InService")

    change = state_changes.endpoint(endpoint, [])

    assert change.status == change.detail["EndpointStatus"] == "IN_SERVICE"
    assert change.entry()["Resources"] == ["arn:e"]
    assert change.entry()["Source"] == "retailrec.sagemaker"
    assert change.detail["EndpointConfigName"] == "c"


def test_the_last_value_of_each_metric_counts() -> None:
    scanner = MetricScanner(
        [{"Name": "p@k(10)", "Regex": r"p@k\(10\)=(\S+)"}, {"Name": "never", "Regex": "never=(.*)"}]
    )
    for line in ("p@k(10)=0.1 p@k(10)=0.2", "p@k(10)=nan", "p@k(10)=n/a", "other 5"):
        scanner.read(line)

    (metric,) = scanner.final()

    assert (metric["MetricName"], metric["Value"]) == ("p@k(10)", 0.2)


def test_a_metric_needs_a_group() -> None:
    with pytest.raises(ServiceError, match="capturing group"):
        MetricScanner([{"Name": "m", "Regex": "m=.*"}])


def models(count: int) -> list[Model]:
    return [
        Model(name=f"model-{n}", arn=f"arn:{n}", request={}, created=MOMENT + timedelta(minutes=n))
        for n in range(count)
    ]


def names(request: dict[str, Any]) -> list[str]:
    page = listing.page(models(5), request, "Models", lambda model: {"Name": model.name})
    return [model["Name"][-1] for model in page["Models"]]


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({}, "43210"),
        ({"SortOrder": "Ascending"}, "01234"),
        ({"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 2}, "01"),
        ({"NameContains": "MODEL-3"}, "3"),
        ({"CreationTimeAfter": MOMENT.timestamp() + 100}, "432"),
        ({"CreationTimeBefore": "2026-03-01T12:01:00Z"}, "0"),
        ({"StatusEquals": "Failed"}, ""),
    ],
)
def test_lists_are_filtered_and_sorted(request_: dict[str, Any], found: str) -> None:
    assert "".join(names(request_)) == found


def test_pages_follow_each_other_to_the_end() -> None:
    seen, token = [], None
    for _ in range(3):
        request: dict[str, Any] = {"MaxResults": 2} | ({"NextToken": token} if token else {})
        page = listing.page(models(5), request, "Models", lambda model: {"Name": model.name})
        seen += [model["Name"] for model in page["Models"]]
        token = page.get("NextToken")
    assert token is None
    assert len(set(seen)) == 5
    with pytest.raises(ServiceError, match="pagination token"):
        names({"NextToken": "?"})


def test_a_tag_key_comes_once() -> None:
    with pytest.raises(ServiceError, match="Duplicate tag keys"):
        tags_of({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]})
