"""What `retailrec destroy` prints as the cost of each resource."""

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from retailrec.removal.costs import ALARM_MONTH, INSTANCE_HOUR, S3_GB_MONTH, Cost, costs, together
from retailrec.removal.inventory import Found

PRICES = (Path(__file__).parents[4] / "docs" / "costs.md").read_text()


class FakeAws:
    """One service for all: what it is asked by name, it answers from what it was given."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def __getattr__(self, operation: str) -> Any:
        def ask(**_: Any) -> Any:
            if operation not in self.answers:
                raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)
            return self.answers[operation]

        return ask

    def get_paginator(self, operation: str) -> Any:
        pages = [self.answers[operation]]
        return type("Pages", (), {"paginate": lambda _self, **_: pages})()


def listed_costs(found: Found, **answers: Any) -> dict[str, Cost]:
    return dict(costs(found, lambda _service: FakeAws(**answers)))


def endpoint(**variant: Any) -> dict[str, Cost]:
    return listed_costs(
        Found("shop", None, endpoints=["e"]),
        describe_endpoint={"EndpointConfigName": "c"},
        describe_endpoint_config={"ProductionVariants": [variant]},
    )


def test_an_endpoint_on_instances_costs_each_hour_of_the_month() -> None:
    cost = endpoint(InstanceType="ml.m5.large", InitialInstanceCount=2)["e"]
    assert cost.month == pytest.approx(2 * 0.115 * 730)
    assert str(cost) == "$167.90 a month"


def test_a_serverless_endpoint_costs_nothing_without_requests() -> None:
    assert str(endpoint(ServerlessConfig={})["e"]) == "nothing without requests"


def test_an_instance_without_a_price_here_is_named() -> None:
    cost = endpoint(InstanceType="ml.p5.48xlarge", InitialInstanceCount=1)["e"]
    assert str(cost) == "1 ml.p5.48xlarge, price not known"


def test_jobs_at_work_cost_by_the_hour_and_a_search_by_all_that_run_at_once() -> None:
    one = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
    found = listed_costs(
        Found("shop", None, training_jobs=["t"], tuning_jobs=["s"], transform_jobs=["b"]),
        describe_training_job={"ResourceConfig": one},
        describe_transform_job={"TransformResources": one},
        describe_hyper_parameter_tuning_job={
            "TrainingJobDefinition": {"ResourceConfig": one},
            "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": 3}},
        },
    )
    assert {name: str(cost) for name, cost in found.items()} == {
        "t": "$0.23 an hour", "s": "$0.69 an hour", "b": "$0.23 an hour",
    }  # fmt: skip
    assert together(found).hour == pytest.approx(1.15)


def test_buckets_cost_by_every_version_and_a_stack_by_its_alarms_and_tables() -> None:
    found = listed_costs(
        Found("shop", "CREATE_COMPLETE", buckets=["b"]),
        list_object_versions={"Versions": [{"Size": 60_000_000_000}, {"Size": 40_000_000_000}]},
        list_stack_resources={
            "StackResourceSummaries": [
                {"ResourceType": "AWS::CloudWatch::Alarm"},
                {"ResourceType": "AWS::CloudWatch::Alarm"},
                {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "t"},
            ]
        },
        describe_table={"Table": {"TableSizeBytes": 2_000_000_000}},
    )
    assert (str(found["b"]), str(found["shop"])) == ("$2.30 a month", "$0.70 a month")
    assert together(found).month == pytest.approx(3.0)


def test_what_may_not_be_looked_into_is_not_known_and_stops_nothing() -> None:
    assert str(listed_costs(Found("shop", None, endpoints=["e"]))["e"]) == "not known"


@pytest.mark.parametrize(
    ("row", "price"),
    [
        ("ml.m5.xlarge, training or transform", INSTANCE_HOUR["ml.m5.xlarge"]),
        ("ml.m5.large, endpoint", INSTANCE_HOUR["ml.m5.large"]),
        ("S3 Standard", S3_GB_MONTH),
        ("CloudWatch alarm", ALARM_MONTH),
    ],
)
def test_the_prices_are_those_of_the_docs(row: str, price: float) -> None:
    found = re.search(rf"\| {re.escape(row)} \| \$([\d.]+)", PRICES)
    assert found
    assert float(found[1]) == price
