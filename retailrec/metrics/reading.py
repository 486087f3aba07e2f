"""Reading a run's metrics from SageMaker and CloudWatch Logs: the same calls on AWS and on a laptop."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from retailrec.client.stack import Stack
from retailrec.metrics.epochs import read_progress
from retailrec.metrics.measured import Measured, training_job
from retailrec.metrics.training_log import read_training_log
from retailrec_shared.core import aws
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run

FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException"})
NO_EPOCHS = "Your credentials may not read the training log (logs:FilterLogEvents): no epochs are shown."

Answer = TypeVar("Answer")


class Reader:
    """Reads runs of one stack, with one client of each service."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack.name
        self._sagemaker = stack.sagemaker()
        self._logs = stack.logs()

    def read(self, run: Run) -> Measured:
        """Read the metrics of a run's training job; from the ledger if SageMaker no longer has them."""
        if not run.started(Stage.TRAIN):
            return Measured(run, run.metrics)
        job = training_job(self._stack, run)
        lines = _allowed(lambda: read_training_log(self._logs, job))
        notes = (NO_EPOCHS,) if lines is None else ()
        return Measured(run, self._final(job) or run.metrics, read_progress(lines or ()), notes)

    def _final(self, job: str) -> dict[str, float]:
        job_description: Any = (
            _allowed(lambda: self._sagemaker.describe_training_job(TrainingJobName=job)) or {}
        )
        return {
            each["MetricName"]: float(each["Value"])
            for each in job_description.get("FinalMetricDataList", [])
        }


def read_all(stack: Stack, runs: Iterable[Run]) -> list[Measured]:
    """Read several runs."""
    reader = Reader(stack)
    return [reader.read(run) for run in runs]


def _allowed(ask: Callable[[], Answer]) -> Answer | None:
    """Call AWS; return None without the permission, or if the resource no longer exists."""
    try:
        return ask()
    except ClientError as error:
        if aws.error_code(error) in FORBIDDEN or aws.says_missing(error):
            return None
        raise
