"""Telling CloudWatch what a trained model reached."""

from aws_lambda_powertools.metrics import MetricUnit

from approve_model.gate import POPULARITY, Metrics, lift
from retailrec_shared.core.observability import metrics
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC


def model_measured(found: Metrics) -> None:
    """Tell what a model reached on held-out rows, and how that compares with popularity."""
    told = {
        "PrecisionAt10": found.get(CONTRACT_METRIC),
        "PrecisionAt10Popularity": found.get(POPULARITY),
        "NdcgAt20": found.get("ndcg@20"),
        "PopularityLift": lift(found),
    }
    for name, value in told.items():
        if value is not None:
            metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
