"""Which quotas a stack needs follows from its parameters."""

from typing import Any

import pytest

from retailrec.doctor.findings import Verdict
from retailrec.doctor.quota_checks import PARALLEL, SERVERLESS, check_quotas
from tests.environment import settings
from tests.fake_quotas import NEEDED, FakeQuotas

SPOT = "ml.m5.xlarge for spot training job usage"


@pytest.mark.parametrize(
    ("parameters", "quota", "number"),
    [
        ({"training_spot": "on"}, SPOT, 1),
        ({"tuning": "on", "tuning_jobs_in_parallel": 4}, NEEDED[0], 4),
        ({"tuning": "on", "tuning_jobs_in_parallel": 4, "training_spot": "on"}, PARALLEL, 4),
        ({"tuning": "on", "tuning_jobs_in_parallel": 9, "tuning_jobs_in_total": 3}, NEEDED[0], 3),
        ({"tuning": "on"}, "Number of instances across all training jobs", 2),
        ({"training_spot": "on"}, "Number of instances across all spot training jobs", 1),
        ({}, NEEDED[1], 1),
        ({}, "Number of instances across all transform jobs", 1),
        ({"endpoint_mode": "instance", "endpoint_instance_count": 3}, "ml.m5.large for endpoint usage", 6),
        ({"endpoint_mode": "instance"}, "Number of instances across active endpoints", 2),
        ({"endpoint_max_concurrency": 20}, SERVERLESS, 40),
        ({}, "Maximum number of serverless inference endpoints", 1),
    ],
)
def test_the_quotas_follow_from_the_chosen_parameters(
    parameters: dict[str, Any], quota: str, number: int
) -> None:
    quotas, chosen = FakeQuotas(), settings(**parameters)
    quotas.values |= dict.fromkeys((*NEEDED, SPOT), 10.0)
    quotas.values |= {"ml.m5.large for endpoint usage": 10.0, SERVERLESS: 100.0, quota: number - 1}
    (found, _enough) = check_quotas(quotas, chosen)
    assert found.verdict is Verdict.FAILED
    assert f"{quota!r} is {number - 1}, and a run needs {number}" in found.sentence
    quotas.values[quota] = number
    assert [each.verdict for each in check_quotas(quotas, chosen)] == [Verdict.OK]


def test_a_stack_without_an_endpoint_needs_no_quota_of_endpoints() -> None:
    quotas = FakeQuotas()
    quotas.values = dict.fromkeys(NEEDED, 1.0)
    assert [each.verdict for each in check_quotas(quotas, settings(endpoint_mode="none"))] == [Verdict.OK]
