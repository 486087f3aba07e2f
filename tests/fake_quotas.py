"""Service Quotas of an account that has just enough for the template's defaults."""

from typing import Any

from retailrec.doctor.quota_checks import SERVERLESS
from tests.fakes import refusal

NEEDED = ("ml.m5.xlarge for training job usage", "ml.m5.xlarge for transform job usage")


class FakeQuotas:
    def __init__(self) -> None:
        self.values = dict.fromkeys(NEEDED, 1.0)
        self.values |= {"ml.m5.large for endpoint usage": 2.0, SERVERLESS: 10.0}
        self.defaults: dict[str, float] = {}
        self.refuses_defaults = False
        self._asked = ""

    def get_paginator(self, operation: str) -> "FakeQuotas":
        self._asked = operation
        return self

    def paginate(self, ServiceCode: str) -> list[Any]:  # noqa: N803 - AWS's spelling
        assert ServiceCode == "sagemaker"
        if self._asked == "list_aws_default_service_quotas" and self.refuses_defaults:
            raise refusal("AccessDeniedException", "not authorized")
        values = {"list_service_quotas": self.values, "list_aws_default_service_quotas": self.defaults}
        return [
            {"Quotas": [{"QuotaName": name, "Value": value}]} for name, value in values[self._asked].items()
        ]
