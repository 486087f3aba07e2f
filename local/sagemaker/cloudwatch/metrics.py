"""A training job's metrics in CloudWatch, which the SageMaker Python SDK plots (TrainingJobAnalytics)."""

import logging

from local.sagemaker.account.records import now
from local.sagemaker.aws import Aws
from local.sagemaker.cloudwatch.pump import Batch, Pump
from local.sagemaker.iam.iam import AccessRefused, ExecutionRole

NAMESPACE = "/aws/sagemaker/TrainingJobs"
ACTION = "cloudwatch:PutMetricData"
MAX_BATCH = 1000  # CloudWatch's limit
logger = logging.getLogger(__name__)


class CloudMetrics:
    """Sends every value of a job's metrics."""

    def __init__(self, aws: Aws, job: str) -> None:
        self._cloudwatch = aws.cloudwatch
        self._dimensions = [{"Name": "TrainingJobName", "Value": job}]
        self._pump = Pump(self._put, f"the metrics of {job}")

    @classmethod
    def open(cls, aws: Aws, job: str, role: ExecutionRole) -> "CloudMetrics | None":
        """Begin with a job; without the right to send metrics, as in SageMaker, there are none."""
        try:
            role.check(ACTION, "*")
        except AccessRefused as refused:
            logger.warning("Training job %s has no metrics in CloudWatch: %s", job, refused)
            return None
        return cls(aws, job)

    def add(self, name: str, value: float) -> None:
        """Take a value."""
        self._pump.add(
            {"MetricName": name, "Dimensions": self._dimensions, "Timestamp": now(), "Value": value}
        )

    async def close(self) -> None:
        """Send what is left, and stop."""
        await self._pump.close()

    def _put(self, values: Batch) -> None:
        for start in range(0, len(values), MAX_BATCH):
            batch = values[start : start + MAX_BATCH]
            self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=batch)
