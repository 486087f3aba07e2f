"""Saves the account on disk, and loads it when the server starts again, even after it was killed.

Models, configurations and ended jobs are restored. Jobs that ran were lost with their programs and
end as Failed; endpoints start again with their last configuration.
"""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from local.sagemaker.account.cloud import Cloud
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
from local.sagemaker.account.store import Registry, Store
from local.sagemaker.endpoints import rollout
from local.sagemaker.errors import INTERNAL_ERROR
from local.sagemaker.models import packages as model_packages
from local.sagemaker.settings import Settings
from local.sagemaker.training import run as training_run
from local.sagemaker.transform import run as transform_run
from local.sagemaker.tuning import run as tuning_run

R = TypeVar("R", bound=Resource)
J = TypeVar("J", TrainingJob, ModelPackage, TuningJob, TransformJob)
TIME = "$time"
# Fields that are not saved: they belong to one process.
TRANSIENT = frozenset({"stop", "pending", "pending_since", "watch"})


def open_account(settings: Settings) -> Cloud:
    """Open the account as an earlier server left it, and save it from now on; needs a running event loop."""
    cloud = Cloud.open(settings)
    path = settings.state_dir / "account.json"
    file = AccountFile(cloud.store, path)
    cloud.changed, cloud.save = file.changed, file.save
    load(cloud, path)
    return cloud


class AccountFile:
    """Saves an account, once for changes that come together."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store = store
        self._path = path
        self._unsaved = False

    def changed(self) -> None:
        """Save soon: before an event that is emitted after this leaves the process."""
        if not self._unsaved:
            self._unsaved = True
            asyncio.get_running_loop().call_soon(self.save)

    def save(self) -> None:
        """Save now what is not saved yet."""
        if self._unsaved:
            self._unsaved = False
            write(self._store, self._path)


def write(store: Store, path: Path) -> None:
    """Write the whole account, in one step."""
    registries: dict[str, Iterable[Resource]] = {
        "model_packages": store.model_packages,
        "models": store.models,
        "endpoint_configs": store.endpoint_configs,
        "training_jobs": store.training_jobs,
        "transform_jobs": store.transform_jobs,
        "tuning_jobs": store.tuning_jobs,
        "endpoints": store.endpoints,
    }
    written = {kind: [_plain(resource) for resource in registry] for kind, registry in registries.items()}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(written, default=_special))
    draft.replace(path)


def _plain(resource: Resource) -> dict[str, Any]:
    return {
        field.name: getattr(resource, field.name) for field in fields(resource) if field.name not in TRANSIENT
    }


def _special(value: Any) -> Any:
    if isinstance(value, datetime):
        return {TIME: value.isoformat()}
    if isinstance(value, EndpointConfig):
        return _plain(value)
    raise TypeError(f"cannot save a {type(value).__name__}")


def load(cloud: Cloud, path: Path) -> None:
    """Load what an earlier server saved, and end or resume what it was doing."""
    if not path.exists():
        return
    saved = json.loads(path.read_text(), object_hook=_revive)
    store = cloud.store
    _fill(store.model_packages, saved.get("model_packages", []), lambda given: ModelPackage(**given))
    _fill(store.models, saved["models"], lambda given: Model(**given))
    _fill(store.endpoint_configs, saved["endpoint_configs"], lambda given: EndpointConfig(**given))
    _fill(store.training_jobs, saved["training_jobs"], lambda given: TrainingJob(**given))
    _fill(store.transform_jobs, saved["transform_jobs"], lambda given: TransformJob(**given))
    _fill(store.tuning_jobs, saved.get("tuning_jobs", []), lambda given: TuningJob(**given))
    _fill(
        store.endpoints,
        saved["endpoints"],
        lambda given: Endpoint(**given | {"config": EndpointConfig(**given["config"])}),
    )
    _remove_work(cloud)
    _fail_interrupted_jobs(cloud)
    for endpoint in store.endpoints:
        _resume_endpoint(cloud, endpoint)


def _revive(document: dict[str, Any]) -> Any:
    return datetime.fromisoformat(document[TIME]) if TIME in document else document


def _fill(registry: Registry[R], saved: list[dict[str, Any]], make: Callable[[dict[str, Any]], R]) -> None:
    for given in saved:
        registry.add(make(given))


def _remove_work(cloud: Cloud) -> None:
    """Remove working files; logs stay."""
    for kind in ("training-job", "transform-job", "endpoint"):
        for folder in (cloud.settings.state_dir / kind).glob("*/*/"):
            shutil.rmtree(folder, ignore_errors=True)


def _fail_interrupted_jobs(cloud: Cloud) -> None:
    store = cloud.store
    _fail(cloud, (each for each in store.training_jobs if each.running), training_run.enter)
    _fail(cloud, (each for each in store.model_packages if each.in_progress), model_packages.enter)
    _fail(cloud, (each for each in store.tuning_jobs if each.running), tuning_run.enter)
    _fail(cloud, (each for each in store.transform_jobs if each.running), transform_run.enter)


def _fail(cloud: Cloud, interrupted: Iterable[J], enter: Callable[[Cloud, J, str], None]) -> None:
    for job in interrupted:
        job.failure_reason = INTERNAL_ERROR
        enter(cloud, job, "Failed")


def _resume_endpoint(cloud: Cloud, endpoint: Endpoint) -> None:
    """Start an endpoint's programs again; an interrupted update is undone, a deletion completed."""
    if endpoint.status == "Deleting":
        cloud.start(rollout.remove(cloud, endpoint))
    elif endpoint.status not in {"Failed", "OutOfService"}:
        if endpoint.status in {"Updating", "RollingBack"}:
            endpoint.failure_reason = INTERNAL_ERROR
        endpoint.status = "Creating" if endpoint.status == "Creating" else "SystemUpdating"
        cloud.start(rollout.first(cloud, endpoint))
