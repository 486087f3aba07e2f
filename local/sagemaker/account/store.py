"""The resources in memory: one registry per type."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from local.sagemaker.account.records import (
    Endpoint,
    EndpointConfig,
    Model,
    ModelPackage,
    Resource,
    TrainingJob,
    TransformJob,
    TuningJob,
)
from local.sagemaker.errors import (
    ServiceError,
    already_existing,
    job_name_taken,
    not_found,
    tuning_job_missing,
    tuning_job_name_taken,
    validation,
)
from local.sagemaker.settings import Settings

R = TypeVar("R", bound=Resource)


class Registry(Generic[R]):
    """Resources of one type by name, with the error messages of that type."""

    def __init__(
        self,
        arn: Callable[[str], str],
        missing: Callable[[str], ServiceError],
        taken: Callable[[str], ServiceError],
    ) -> None:
        self.arn = arn
        self._missing = missing
        self._taken = taken
        self._resources: dict[str, R] = {}

    def find(self, name: str) -> R:
        """Return the resource, or raise the service's error when there is none."""
        if name not in self._resources:
            raise self._missing(name)
        return self._resources[name]

    def check_free(self, name: str) -> None:
        """Refuse a name that is taken."""
        if name in self._resources:
            raise self._taken(self.arn(name))

    def add(self, resource: R) -> None:
        """Keep a new resource under its name."""
        self.check_free(resource.name)
        self._resources[resource.name] = resource

    def remove(self, name: str) -> None:
        """Forget a resource, which must exist."""
        self.find(name)
        del self._resources[name]

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._resources.values()))


class Store:
    """Every registry of one account and region."""

    def __init__(self, settings: Settings) -> None:
        def deletable(kind: str, noun: str) -> Registry[R]:
            def arn(name: str) -> str:
                return settings.arn(kind, name)

            return Registry(
                arn, lambda name: not_found(noun, arn(name)), lambda taken: already_existing(noun, taken)
            )

        self.training_jobs: Registry[TrainingJob] = Registry(
            lambda name: settings.arn("training-job", name),
            lambda name: validation("Requested resource not found."),
            job_name_taken,
        )
        self.transform_jobs: Registry[TransformJob] = Registry(
            lambda name: settings.arn("transform-job", name),
            lambda name: validation(f"Could not find requested job with name: {name}"),
            job_name_taken,
        )
        self.model_packages: Registry[ModelPackage] = Registry(
            lambda name: settings.arn("model-package", name),
            lambda name: validation(f"ModelPackage {settings.arn('model-package', name)} does not exist."),
            lambda taken: validation(f"ModelPackage already exists: {taken}"),
        )
        self.tuning_jobs: Registry[TuningJob] = Registry(
            lambda name: settings.arn("hyper-parameter-tuning-job", name),
            tuning_job_missing,
            tuning_job_name_taken,
        )
        self.models: Registry[Model] = deletable("model", "model")
        self.endpoint_configs: Registry[EndpointConfig] = deletable(
            "endpoint-config", "endpoint configuration"
        )
        self.endpoints: Registry[Endpoint] = deletable("endpoint", "endpoint")

    def resources(self) -> Iterator[Resource]:
        """Yield every resource of every type."""
        yield from self.training_jobs
        yield from self.transform_jobs
        yield from self.model_packages
        yield from self.tuning_jobs
        yield from self.models
        yield from self.endpoint_configs
        yield from self.endpoints

    def by_arn(self, arn: str) -> Resource:
        """Find the resource that tags are put on."""
        for resource in self.resources():
            if resource.arn == arn:
                return resource
        raise validation(f"Requested resource not found: {arn}")
