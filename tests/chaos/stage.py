"""Puts the real handlers on a history's stage: its environment, its clients, its clock."""

import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from local.sagemaker.endpoints import rollout
from prepare_dataset.options import Options
from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger import items
from retailrec_shared.ledger import ledger as ledger_module
from retailrec_shared.ledger.datasets import datasets
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.stage_work import stage_work
from retailrec_shared.serving import bulk
from retailrec_shared.serving import table as serving
from tests.chaos.lambdas import Client
from tests.chaos.rules import functions
from tests.chaos.services.sagemaker import IdleFleet
from tests.chaos.world import World
from tests.environment import ENVIRONMENT

SHM = Path("/dev/shm")  # noqa: S108 - memory, where there is some: each run writes twenty files
SMALL_BATCH = 7
OURS = ("retailrec_shared", *functions())
CACHES: tuple[Any, ...] = (settings, ledger, datasets, stage_work, serving.serving)
ALWAYS = {
    "AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_SERVICE_NAME": "retailrec",
}  # fmt: skip
_on_stage: list[World] = []


class _Clock(datetime):
    """The handlers' clock: virtual time."""

    @classmethod
    def now(cls, tz: Any = UTC) -> datetime:  # type: ignore[override]
        return _on_stage[-1].timeline.moment.astimezone(tz)


class _Sleep:
    """The pace of writes: virtual time."""

    @staticmethod
    def monotonic() -> float:
        return _on_stage[-1].timeline.now

    @staticmethod
    def sleep(seconds: float) -> None:
        _on_stage[-1].timeline.pause(seconds)


def _read_first(write: Callable[..., Any]) -> Callable[..., Any]:
    """Read all before it is written: arro3 is no place from where to switch to another Lambda."""
    return lambda lists, path: write(list(lists), path)


class _Inline:
    """A pool whose work is done at once, by who asks for it: one Lambda is one greenlet."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> "_Inline":
        return self

    def __exit__(self, *_problem: object) -> None: ...

    def map(self, work: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
        return [work(thing) for thing in things]


@cache
def _clocked() -> list[Any]:
    """Import every handler, and list the modules that look at the clock."""
    for function in functions().values():
        importlib.import_module(function.module)
    mine = [module for name, module in list(sys.modules.items()) if name.split(".")[0] in OURS]
    return [module for module in mine if getattr(module, "datetime", None) is datetime]


@contextmanager
def staged(world: World) -> Iterator[World]:
    """Let the handlers work in a world, for as long as the context lasts."""
    clocked = _clocked()
    cleaning = importlib.import_module("reconcile_runs.cleaning")
    commit = importlib.import_module("prepare_dataset.commit")
    clients = {
        "s3": Client("s3", world.s3), "dynamodb": Client("dynamodb", world.dynamodb),
        "eventbridge": Client("events", world), "sagemaker": Client("sagemaker", world.sagemaker),
    }  # fmt: skip
    with ExitStack() as stack:
        patch = stack.enter_context
        patch(mock.patch.dict(os.environ, {**ENVIRONMENT, **ALWAYS, **world.plan.environment}))
        for name, client in clients.items():
            patch(mock.patch.object(aws, name, return_value=client))
        for module in clocked:
            patch(mock.patch.object(module, "datetime", _Clock))
        patch(mock.patch.object(bulk, "ThreadPoolExecutor", _Inline))
        patch(mock.patch.object(bulk, "time", _Sleep))
        if world.plan.hurry is not None:  # the files are small: so are the groups of entries
            patch(mock.patch.object(bulk, "BATCH_WRITE", SMALL_BATCH))
            patch(mock.patch.object(bulk, "GROUP_BATCHES", 1))
            patch(mock.patch.object(cleaning, "PASS_SECONDS", 1.0))
        publication = importlib.import_module("publish_recommendations.publication")
        patch(mock.patch.object(publication, "write_table", _read_first(publication.write_table)))
        patch(mock.patch.object(rollout, "Fleet", IdleFleet))
        patch(mock.patch.object(metrics, "add_metric"))
        patch(mock.patch.object(commit, "prepare_file", _prepare_once(commit.prepare_file)))
        patch(mock.patch.object(ledger_module, "read", _once(items.read)))
        patch(mock.patch.object(Run, "load", _once(Run.load)))
        patch(mock.patch.object(tempfile, "tempdir", str(SHM) if SHM.is_dir() else None))
        logger.setLevel(logging.CRITICAL)
        _on_stage.append(world)
        for cached in CACHES:
            cached.cache_clear()
        try:
            yield world
        finally:
            _on_stage.pop()
            logger.setLevel(logging.INFO)
            for cached in CACHES:
                cached.cache_clear()


def _once(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read each item once: neither the simulated table nor a reader ever changes one in place."""
    seen: dict[int, tuple[Any, Any]] = {}

    def reading(item: Any) -> Any:
        held = seen.get(id(item))
        if held is None:
            held = seen[id(item)] = (item, read(item))  # kept, so that its id stays its own
        return held[1]

    return reading


_prepared: dict[Any, Any] = {}


def _prepare_once(prepare: Callable[..., Any]) -> Callable[..., Any]:
    """Prepare each file for real the first time, and copy what came of it after that."""
    if getattr(prepare, "remembers", False):
        return prepare

    def remembering(source: Path | None, target: Path, options: Options) -> Any:
        others = options.others
        around = others and [[path.read_bytes() for path in paths] for paths in (others.before, others.after)]
        key = (source and source.read_bytes(), repr(around), others and others.name,
               options.profile, options.split, options.top_n)  # fmt: skip
        if key not in _prepared:
            try:
                report = prepare(source, target, options)
            except Exception as refusal:  # noqa: BLE001 - kept, and raised again each time
                _prepared[key] = refusal
            else:
                written = {
                    path.relative_to(target): path.read_bytes()
                    for path in target.rglob("*")
                    if path.is_file()
                }
                _prepared[key] = (report, written)
        if isinstance(_prepared[key], Exception):
            raise _prepared[key]
        report, written = _prepared[key]
        for relative, body in written.items():
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            (target / relative).write_bytes(body)
        return report

    remembering.remembers = True  # type: ignore[attr-defined]
    return remembering
