"""Quotas by instance type and kind of resource, as new accounts have them."""

from collections import Counter
from collections.abc import Iterable

from local.sagemaker.account.records import Document, EndpointConfig
from local.sagemaker.account.store import Store
from local.sagemaker.errors import limit_exceeded

SERVERLESS = "serverless"
TUNING, CONCURRENT = "hyper-parameter-tuning-job", "concurrent"
Instances = Counter[str]


class Quotas:
    """How many instances of a type each kind of resource may use; ``limits`` holds the exceptions."""

    def __init__(self, store: Store, default: int) -> None:
        self._store = store
        self._default = default
        self.limits: dict[tuple[str, str], int] = {}

    def check(self, kind: str, wanted: Instances) -> None:
        """Refuse a request that goes over a limit; ``kind`` is an ARN type, such as ``training-job``."""
        in_use = self._in_use(kind)
        for instance_type, count in wanted.items():
            limit = self.limits.get((kind, instance_type), self._default)
            if in_use[instance_type] + count > limit:
                name = f"{instance_type} for {kind.replace('-', ' ')} usage"
                raise limit_exceeded(name, limit, in_use[instance_type], count)

    def _in_use(self, kind: str) -> Instances:
        if kind == "endpoint":
            configs = [
                [each.config, each.pending] for each in self._store.endpoints if each.status != "Failed"
            ]
            return _total(instances_of_config(config) for pair in configs for config in pair if config)
        if kind == TUNING:
            return Counter({CONCURRENT: sum(job.running for job in self._store.tuning_jobs)})
        jobs = self._store.training_jobs if kind == "training-job" else self._store.transform_jobs
        return _total(instances_of_job(job.request) for job in jobs if job.running)


def instances_of_job(request: Document) -> Instances:
    """Count the instances that a training or transform job asks for."""
    resources = request.get("ResourceConfig") or request["TransformResources"]
    return Counter({resources["InstanceType"]: resources["InstanceCount"]})


def instances_of_config(config: EndpointConfig) -> Instances:
    """Count the instances that an endpoint configuration asks for; a serverless variant counts as one."""
    return _total(
        Counter({variant.get("InstanceType", SERVERLESS): variant.get("InitialInstanceCount", 1)})
        for variant in config.variants
    )


def _total(counts: Iterable[Instances]) -> Instances:
    return sum(counts, Counter())
