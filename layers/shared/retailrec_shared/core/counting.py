"""What the stack counts for its dashboard, beside what AWS counts.

CloudWatch keeps these in the namespace ``retailrec``, under one dimension: ``service``, the stack.
"""

from datetime import datetime

from aws_lambda_powertools.metrics import MetricUnit

from retailrec_shared.core.observability import metrics
from retailrec_shared.core.status import RunStatus


def count_run(status: RunStatus) -> None:
    """Count a run that came to a status; whoever moves a run in the ledger counts it, once."""
    metrics.add_metric(name=f"Runs_{status}", unit=MetricUnit.Count, value=1)


def count_training_seconds(seconds: float | None) -> None:
    """Count the seconds of a training job that are paid for."""
    if seconds:
        metrics.add_metric(name="TrainingSeconds", unit=MetricUnit.Seconds, value=seconds)


def count_transform_seconds(start: datetime | None, end: datetime | None) -> None:
    """Count the seconds of a transform job that are paid for."""
    if start and end:
        metrics.add_metric(
            name="TransformSeconds", unit=MetricUnit.Seconds, value=(end - start).total_seconds()
        )


def count_endpoint_instances(instances: int) -> None:
    """Tell how many instances the endpoint has; a serverless one has none, and is paid by what it answers."""
    if instances:
        metrics.add_metric(name="EndpointInstances", unit=MetricUnit.Count, value=instances)
