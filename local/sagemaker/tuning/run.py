"""The life of one tuning job: training jobs, some in parallel, each proposed from the results so far."""

import asyncio
import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING

from local.sagemaker.account import quotas, state_changes
from local.sagemaker.account.final_status import final_status
from local.sagemaker.account.records import ENDED, TrainingJob, TuningJob, now
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import JobFailed, ServiceError
from local.sagemaker.training import run as training_run
from local.sagemaker.tuning import rules, views
from local.sagemaker.tuning.search import Observation, Search
from local.sagemaker.tuning.space import read_space
from local.sagemaker.tuning.stopping import below_median

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

MAX_FAILURES = 5  # SageMaker's own
QUOTA_SECONDS = 0.5  # between checks of the quota while it allows no training job
NO_SUCCESS = (
    "No training job succeeded after {count} attempts. For additional details, please take a look at the "
    "training job failures by listing training jobs for the hyperparameter tuning job."
)
logger = logging.getLogger(__name__)


def enter(cloud: "Cloud", job: TuningJob, status: str) -> None:
    """Move a tuning job to a status, save it, and emit its event."""
    job.status = status
    job.modified = now()
    if status in ENDED:
        job.ended = job.modified
    cloud.changed()
    cloud.events.emit(state_changes.tuning(job, views.describe(cloud.store, job)))


def request_stop(cloud: "Cloud", job: TuningJob) -> None:
    """Ask a tuning job, and the training jobs that it has running, to stop."""
    if job.status != "Stopping":
        enter(cloud, job, "Stopping")
        job.stop.set()
        for trial in views.trials(cloud.store, job):
            training_run.request_stop(cloud, trial)


async def run(cloud: "Cloud", job: TuningJob) -> None:
    """Do the job's work; it and its training jobs always end."""
    enter(cloud, job, await final_status(job, lambda: _Tuning(cloud, job).work()))


class _Tuning:
    """One tuning job at work."""

    def __init__(self, cloud: "Cloud", job: TuningJob) -> None:
        self._cloud = cloud
        self._job = job
        limits = job.config["ResourceLimits"]
        self._max_trials: int = limits["MaxNumberOfTrainingJobs"]
        self._max_parallel: int = limits["MaxParallelTrainingJobs"]
        self._search = self._search_of(job)
        self._running: dict[asyncio.Task[None], TrainingJob] = {}

    def _search_of(self, job: TuningJob) -> Search:
        warm = job.request.get("WarmStartConfig", {})
        parents = [
            self._cloud.store.tuning_jobs.find(each["HyperParameterTuningJobName"])
            for each in warm.get("ParentHyperParameterTuningJobs", [])
        ]
        seed = job.config.get("RandomSeed", uuid.uuid5(uuid.NAMESPACE_URL, job.arn).int % 2**32)
        return Search(
            space=read_space(job.config["ParameterRanges"]),
            maximize=job.objective["Type"] == "Maximize",
            at_random=job.config["Strategy"] == "Random",
            in_total=self._max_trials,
            seed=seed,
            parents=[each for parent in parents for each in self._observed(parent)],
            identical=warm.get("WarmStartType") == "IdenticalDataAndAlgorithm",
        )

    async def work(self) -> str:
        """Search; returns the status to end in."""
        fault = self._cloud.faults.failure("hyper-parameter-tuning-job")
        held = asyncio.ensure_future(self._cloud.faults.hold("hyper-parameter-tuning-job"))
        stopped = asyncio.ensure_future(self._job.stop.wait())
        await asyncio.wait([held, stopped], return_when=asyncio.FIRST_COMPLETED)
        for waiting in (held, stopped):
            waiting.cancel()
        if fault:
            raise JobFailed(fault.reason)
        try:
            while self._may_start() or self._running:
                await self._step()
        except Exception:
            await self._stop_all()
            raise
        if self._job.stop.is_set():
            return "Stopped"
        if views.best(self._cloud.store, self._job) is None:
            raise JobFailed(NO_SUCCESS.format(count=len(self._job.trials)))
        return "Completed"

    def _may_start(self) -> bool:
        if self._job.stop.is_set() or len(self._job.trials) >= self._max_trials:
            return False
        failed = [each for each in self._trials() if each.status == "Failed"]
        return len(failed) <= MAX_FAILURES

    async def _step(self) -> None:
        """Start the jobs that may start, then wait until one has ended."""
        while self._may_start() and len(self._running) < self._max_parallel:
            seen, number = self._observed(self._job), len(self._job.trials)
            proposed = await asyncio.to_thread(self._search.propose, seen, number)
            if not self._may_start() or not self._start(proposed):
                break
        if self._running:
            done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del self._running[task]
            self._job.modified = now()
            self._cloud.changed()
        elif self._may_start():
            await asyncio.sleep(QUOTA_SECONDS)

    def _start(self, tuned: dict[str, str]) -> bool:
        """Start one training job; return whether the account's quota allowed it."""
        number = len(self._job.trials) + 1
        name = f"{self._job.name}-{number:03}-{uuid.uuid4().hex[:8]}"
        reserved = {training_run.OBJECTIVE: self._job.objective["MetricName"]}
        request = rules.training_request(self._job.request, name, tuned | reserved)
        try:
            self._cloud.quotas.check("training-job", quotas.instances_of_job(request))
        except ServiceError:
            return False
        registry = self._cloud.store.training_jobs
        trial = TrainingJob(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
        trial.tuning_job, trial.tuned = self._job.name, tuned
        if self._job.config.get("TrainingJobEarlyStoppingType") == "Auto":
            trial.watch = partial(self._stop_if_below_median, trial)
        else:
            trial.watch = lambda _value: None
        registry.add(trial)
        self._job.trials.append(name)
        training_run.enter(self._cloud, trial, "Starting")
        self._running[self._cloud.start(training_run.run(self._cloud, trial))] = trial
        return True

    def _stop_if_below_median(self, trial: TrainingJob, _value: float) -> None:
        others = [each.objective for each in self._trials() if each is not trial and each.status != "Failed"]
        if below_median(trial.objective, others, maximize=self._search.maximize):
            logger.info("Stopping %s early, at %s", trial.name, trial.objective[-1])
            training_run.request_stop(self._cloud, trial)

    async def _stop_all(self) -> None:
        for trial in self._running.values():
            training_run.request_stop(self._cloud, trial)
        if self._running:
            await asyncio.wait(self._running)

    def _trials(self) -> list[TrainingJob]:
        return views.trials(self._cloud.store, self._job)

    def _observed(self, job: TuningJob) -> list[Observation]:
        """List a tuning job's observations, without jobs that ended with no value."""
        seen = []
        for trial in views.trials(self._cloud.store, job):
            if trial.running:
                seen.append(Observation(trial.tuned))
            elif trial.objective and trial.status != "Failed":
                seen.append(Observation(trial.tuned, trial.objective[-1]))
        return seen
