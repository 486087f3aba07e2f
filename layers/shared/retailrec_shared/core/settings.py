"""The functions' environment, parsed once into one typed object."""

import os
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retailrec_shared.core import names
from retailrec_shared.core.column_mapping import canonical
from retailrec_shared.core.tuning_ranges import (
    FEWEST_JOBS,
    MARKETPLACE,
    MOST_AT_ONCE,
    MOST_JOBS,
    Searched,
    searched,
)

# The contract's hyperparameters, with the values that a Marketplace algorithm gets where none is chosen.
HYPERPARAMETERS = {"factors": "100", "iterations": "100", "learning_rate": "0.01", "regularization": "0.01"}

AlgorithmName = Literal["bpr", "implicit-bpr", "als", "ease", "popularity", "auto"]
Profile = Literal["retail", "tutorial"]
SplitRule = Literal["temporal", "random"]
Truth = Literal["true", "false"]
EndpointMode = Literal["serverless", "instance", "none"]


class Settings(BaseModel):
    """The environment that the template gives its functions; each field is a variable of the same name."""

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
    training_spot: Literal["on", "off"] = "off"
    training_max_wait_seconds: int = Field(86400, ge=60)
    tuning: Literal["on", "off"] = "off"
    tuning_jobs_in_total: int = Field(20, ge=FEWEST_JOBS, le=MOST_JOBS)
    tuning_jobs_in_parallel: int = Field(2, ge=1, le=MOST_AT_ONCE)
    batch_instance_type: str = "ml.m5.xlarge"
    endpoint_mode: EndpointMode = "serverless"
    endpoint_instance_type: str = "ml.m5.large"
    endpoint_instance_count: int = Field(1, ge=1)
    endpoint_memory_mb: int = 2048
    endpoint_max_concurrency: int = Field(5, ge=1)

    cleaning_profile: Profile = "retail"
    split: SplitRule = "temporal"
    top_n: int = Field(10, ge=1, le=100)
    column_mapping: str = ""
    quality_floor: float = Field(0.01, ge=0.0, le=1.0)
    quality_tolerance: float = Field(0.2, ge=0.0, le=1.0)
    coverage_floor: float = Field(0.01, ge=0.0, le=1.0)
    algorithm: AlgorithmName = "bpr"
    refit: Truth = "true"
    exclude_purchased: Truth = "true"
    factors: int | None = Field(None, ge=1)
    iterations: int | None = Field(None, ge=1)
    learning_rate: float | None = Field(None, gt=0)
    regularization: float | None = Field(None, ge=0)
    retained_runs: int = Field(1, ge=0)
    train_on_append: Truth = "true"

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
        """Return the settings that change a run's result: part of its identity, kept in the ledger.

        A column mapping of the file's own replaces the stack's. Without any, none is named.
        """
        mapping = canonical(self.column_mapping if column_mapping is None else column_mapping)
        return {
            **({"column_mapping": mapping} if mapping else {}),
            "algorithm": self.algorithm_arn or self.algorithm_image_uri,
            "cleaning_profile": self.cleaning_profile,
            "split": self.split,
            "top_n": str(self.top_n),
            **(self._of_contract() if self.algorithm_arn else self._of_image()),
            **self._of_tuning(),
        }

    @property
    def hyperparameters_of_contract(self) -> dict[str, str]:
        """Hyperparameters of a Marketplace algorithm: the contract's names alone, each with a value."""
        return HYPERPARAMETERS | self._given()

    def _of_contract(self) -> dict[str, str]:
        """Return a Marketplace algorithm's hyperparameters, without those that are searched."""
        return self._given() if self.searched else self.hyperparameters_of_contract

    @property
    def searched(self) -> Searched:
        """The hyperparameters that runs search, with their ranges; empty without Tuning."""
        algorithm = MARKETPLACE if self.algorithm_arn else self.algorithm
        return searched(algorithm, self._given()) if self.tuning == "on" else {}

    def _of_tuning(self) -> dict[str, str]:
        """Return the search's part of a run's configuration; empty if nothing is searched."""
        if not self.searched:
            return {}
        return tuning_configuration(self.tuning_jobs_in_total, self.tuning_jobs_in_parallel)

    def _of_image(self) -> dict[str, str]:
        """Return our image's parameters; each algorithm has defaults for those that are missing."""
        return {
            "training_algorithm": self.algorithm,
            "refit": self.refit,
            "exclude_purchased": self.exclude_purchased,
            **self._given(),
        }

    def _given(self) -> dict[str, str]:
        values = {name: getattr(self, name) for name in HYPERPARAMETERS}
        return {name: str(value) for name, value in values.items() if value is not None}


def tuning_configuration(in_total: int, in_parallel: int) -> dict[str, str]:
    """Return the search's part of a run's configuration."""
    return {
        "tuning": "on",
        "tuning_jobs_in_total": str(in_total),
        "tuning_jobs_in_parallel": str(min(in_parallel, in_total)),
    }


@cache
def settings() -> Settings:
    """Read the environment on first use, so that importing a function needs none."""
    return Settings.model_validate(
        {name: os.environ[name.upper()] for name in Settings.model_fields if os.environ.get(name.upper())}
    )
