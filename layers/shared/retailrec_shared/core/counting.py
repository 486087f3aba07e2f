"""Metrics for the stack's dashboard, in addition to AWS's own.

CloudWatch keeps these in the namespace ``retailrec``, under one dimension: ``service``, the stack.
"""

from datetime import datetime

from aws_lambda_powertools.metrics import MetricUnit

from retailrec_shared.core.observability import metrics
from retailrec_shared.core.status import RunStatus


def count_run(status: RunStatus) -> None:
    """Count a run that reached a status; called once for each move in the ledger."""
    metrics.add_metric(name=f"Runs_{status}", unit=MetricUnit.Count, value=1)


def count_training_seconds(seconds: float | None) -> None:
    """Count the seconds of a training job that are billed."""
    if seconds:
        metrics.add_metric(name="TrainingSeconds", unit=MetricUnit.Seconds, value=seconds)


def count_transform_seconds(start: datetime | None, end: datetime | None) -> None:
    """Count the seconds of a transform job that are billed."""
    if start and end:
        metrics.add_metric(
            name="TransformSeconds", unit=MetricUnit.Seconds, value=(end - start).total_seconds()
        )


def count_endpoint_instances(instances: int) -> None:
    """Record the number of the endpoint's instances; nothing for a serverless endpoint."""
    if instances:
        metrics.add_metric(name="EndpointInstances", unit=MetricUnit.Count, value=instances)
