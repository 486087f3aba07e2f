"""The functions' environment, parsed once into one typed object."""

import os
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retailrec_shared import names
from retailrec_shared.column_mapping import canonical

HYPERPARAMETERS = ("factors", "iterations", "learning_rate", "regularization")

Profile = Literal["retail", "tutorial"]
Split = Literal["temporal", "random"]
EndpointMode = Literal["serverless", "instance", "none"]


class Settings(BaseModel):
    """What the template tells its functions; every field is read from the variable of its name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stack_name: str
    raw_bucket: str
    data_bucket: str
    ledger_table: str
    serving_table: str
    event_bus: str
    sagemaker_role_arn: str = ""

    algorithm_arn: str = ""
    algorithm_image_uri: str = ""
    training_instance_type: str = "ml.m5.xlarge"
    training_max_seconds: int = Field(3600, ge=60)
    batch_instance_type: str = "ml.m5.xlarge"
    endpoint_mode: EndpointMode = "serverless"
    endpoint_instance_type: str = "ml.m5.large"
    endpoint_instance_count: int = Field(1, ge=1)
    endpoint_memory_mb: int = 2048
    endpoint_max_concurrency: int = Field(10, ge=1)

    cleaning_profile: Profile = "retail"
    split: Split = "temporal"
    top_n: int = Field(10, ge=1, le=100)
    column_mapping: str = ""
    quality_floor: float = Field(0.0, ge=0.0, le=1.0)
    factors: int = Field(100, ge=1)
    iterations: int = Field(100, ge=1)
    learning_rate: float = Field(0.01, gt=0)
    regularization: float = Field(0.01, ge=0)
    retained_runs: int = Field(1, ge=0)

    @model_validator(mode="after")
    def _exactly_one_algorithm(self) -> Self:
        if bool(self.algorithm_arn) == bool(self.algorithm_image_uri):
            raise ValueError("set exactly one of ALGORITHM_ARN and ALGORITHM_IMAGE_URI")
        return self

    @property
    def resource_prefix(self) -> str:
        """Prefix of every SageMaker resource of this stack."""
        return names.resource_prefix(self.stack_name)

    @property
    def endpoint_name(self) -> str:
        """Name of the stack's one endpoint."""
        return f"{self.resource_prefix}endpoint"

    def run_configuration(self, column_mapping: str | None = None) -> dict[str, str]:
        """Return what changes a run's result: part of its identity, kept in the ledger.

        A column mapping of the file's own replaces the stack's. Without any, none is named.
        """
        mapping = canonical(self.column_mapping if column_mapping is None else column_mapping)
        return {
            **({"column_mapping": mapping} if mapping else {}),
            "algorithm": self.algorithm_arn or self.algorithm_image_uri,
            "cleaning_profile": self.cleaning_profile,
            "split": self.split,
            "top_n": str(self.top_n),
            **{name: str(getattr(self, name)) for name in HYPERPARAMETERS},
        }


@cache
def settings() -> Settings:
    """Read the environment on first use, so that importing a function needs none."""
    return Settings.model_validate(
        {name: os.environ[name.upper()] for name in Settings.model_fields if os.environ.get(name.upper())}
    )
