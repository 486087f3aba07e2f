"""Everything that an operation needs, created once per server."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from local.sagemaker.account.events import EventPublisher
from local.sagemaker.account.faults import FaultBoard
from local.sagemaker.account.fleets import ServingFleet
from local.sagemaker.account.quotas import Quotas
from local.sagemaker.account.store import Store
from local.sagemaker.aws import Aws
from local.sagemaker.iam.iam import Iam
from local.sagemaker.programs.containers import ContainerRunner
from local.sagemaker.programs.http_client import HttpClient
from local.sagemaker.programs.programs import Runner, SubprocessRunner
from local.sagemaker.s3 import S3
from local.sagemaker.settings import Settings

# ARN types of the resources that have a folder: a log and, while they run, their working files.
KINDS_WITH_LOGS = ("training-job", "transform-job", "endpoint")


@dataclass
class Cloud:
    """One account in one region."""

    settings: Settings
    aws: Aws
    store: Store
    quotas: Quotas
    faults: FaultBoard
    events: EventPublisher
    iam: Iam
    s3: S3
    runner: Runner
    http: HttpClient = field(default_factory=HttpClient)
    # The serving programs of each endpoint that has some, by the endpoint's name.
    fleets: dict[str, ServingFleet] = field(default_factory=dict)
    # To be called after every change, and before a change is confirmed to its caller (http/persistence.py).
    changed: Callable[[], None] = lambda: None
    save: Callable[[], None] = lambda: None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def open(cls, settings: Settings) -> "Cloud":
        """Open an empty account; needs a running event loop."""
        aws = Aws(settings)
        store = Store(settings)
        quotas = Quotas(store, settings.instance_quota)
        faults = FaultBoard(quotas.limits)
        return cls(
            settings=settings,
            aws=aws,
            store=store,
            quotas=quotas,
            faults=faults,
            events=EventPublisher(aws, faults),
            iam=Iam(aws, settings),
            s3=S3(aws),
            runner=_runner(settings),
        )

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work in the background; ``close`` cancels it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cancel all work, then stop every process that was started and wait for it."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.runner.close()
        await self.http.close()
        await self.events.close()


def _runner(settings: Settings) -> Runner:
    if settings.container_image:
        return ContainerRunner(settings.container_image, str(settings.state_dir))
    return SubprocessRunner(settings.algorithm_dir)
