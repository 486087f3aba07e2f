"""The one Marketplace algorithm that this account is subscribed to: Implicit BPR, as it is published.

Its description is the published contract (docs/architecture.md, "The algorithm"); where the
listing says nothing (ranges, instance types), it is a likely choice. This project's own programs
run behind it, limited to the contract: two columns, no other hyperparameter, field or output.
"""

import json
from typing import Any

from local.sagemaker.account.records import Document
from local.sagemaker.programs.http_client import Reply
from local.sagemaker.settings import Settings

PUBLISHER = "865070037744"
NAME = "implicit-bpr-36-3af996544083749e141ffc9ef7d99399"
PRODUCT = "implicit-bpr"
IMAGE = f"{PUBLISHER}.dkr.ecr.us-east-1.amazonaws.com/implicit-bpr:36"
METRIC = {"Name": "p@k(10)", "Regex": r"(?:^|\s)p@k\(10\)\s*[:=]\s*([0-9.eE+-]+)"}
INSTANCES = [
    f"ml.{family}.{size}"
    for family in ("m4", "m5", "c4", "c5")
    for size in ("large", "xlarge", "2xlarge", "4xlarge")
]
FIELDS = ("user_id", "top_n")


def published_arn(region: str) -> str:
    """Build the algorithm's ARN in a region."""
    return f"arn:aws:sagemaker:{region}:{PUBLISHER}:algorithm/{NAME}"


def arn(settings: Settings) -> str:
    """Build the algorithm's ARN in this account's region."""
    return published_arn(settings.region)


def describe(settings: Settings) -> Document:
    """Answer DescribeAlgorithm."""
    return {
        "AlgorithmName": NAME,
        "AlgorithmArn": arn(settings),
        "AlgorithmDescription": "Implicit BPR: personalised ranking learned from implicit feedback.",
        "CreationTime": 1600000000,
        "TrainingSpecification": _training(),
        "InferenceSpecification": inference(),
        "AlgorithmStatus": "Completed",
        "AlgorithmStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "ProductId": PRODUCT,
        "CertifyForMarketplace": True,
    }


def _training() -> Document:
    return {
        "TrainingImage": IMAGE,
        "SupportedHyperParameters": [
            _integer("factors", 1, 2048, "100"),
            _integer("iterations", 1, 100_000, "100"),
            _continuous("learning_rate", "0.000001", "10", "0.01"),
            _continuous("regularization", "0", "1000000", "0.01"),
            _boolean("verify_negative_samples", "True"),
            _boolean("use_gpu", "False"),
        ],
        "SupportedTrainingInstanceTypes": INSTANCES,
        "SupportsDistributedTraining": False,
        "MetricDefinitions": [METRIC],
        "TrainingChannels": [_channel("training", required=True), _channel("testing", required=False)],
        "SupportedTuningJobObjectiveMetrics": [{"Type": "Maximize", "MetricName": METRIC["Name"]}],
    }


def inference() -> Document:
    """Describe what a model of the algorithm runs on, reads and answers."""
    return {
        "Containers": [{"Image": IMAGE, "ProductId": PRODUCT}],
        "SupportedTransformInstanceTypes": INSTANCES,
        "SupportedRealtimeInferenceInstanceTypes": INSTANCES,
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json", "text/csv"],
    }


def _channel(name: str, *, required: bool) -> Document:
    return {
        "Name": name,
        "IsRequired": required,
        "SupportedContentTypes": ["text/csv"],
        "SupportedCompressionTypes": ["None"],
        "SupportedInputModes": ["File"],
    }


def _parameter(name: str, kind: str, default: str, allowed: Document, *, tunable: bool) -> Document:
    return {
        "Name": name, "Type": kind, "Range": allowed, "IsTunable": tunable, "IsRequired": False,
        "DefaultValue": default,
    }  # fmt: skip


def _integer(name: str, low: int, high: int, default: str) -> Document:
    allowed = {"IntegerParameterRangeSpecification": {"MinValue": str(low), "MaxValue": str(high)}}
    return _parameter(name, "Integer", default, allowed, tunable=True)


def _continuous(name: str, low: str, high: str, default: str) -> Document:
    allowed = {"ContinuousParameterRangeSpecification": {"MinValue": low, "MaxValue": high}}
    return _parameter(name, "Continuous", default, allowed, tunable=True)


def _boolean(name: str, default: str) -> Document:
    allowed = {"CategoricalParameterRangeSpecification": {"Values": ["True", "False"]}}
    return _parameter(name, "Categorical", default, allowed, tunable=False)


# Limits our own programs to the contract.
CONTRACT_HYPERPARAMETERS = {"algorithm": "implicit-bpr", "refit": "false", "marketplace_twin": "true"}


def for_our_programs(job: Document) -> Document:
    """Rewrite a training job's request for the programs behind the algorithm."""
    given = job.get("HyperParameters", {})
    chosen = {each["Name"]: each["DefaultValue"] for each in _training()["SupportedHyperParameters"]} | given
    return job | {"HyperParameters": {**chosen, **CONTRACT_HYPERPARAMETERS}}


def refuse_request(method: str, path: str, body: bytes) -> Reply | None:
    """Return the error reply of the algorithm's own container, or ``None`` for a valid request."""
    if path == "/execution-parameters":
        return Reply(404, body=b"Not found.")
    if (method, path) != ("POST", "/invocations"):
        return None
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Reply(400, body=b"One JSON object is expected.")
    if not isinstance(asked, dict) or set(asked) != set(FIELDS):
        return Reply(400, body=f"The fields {' and '.join(FIELDS)} are expected, and no other.".encode())
    if not all(isinstance(value, str) for value in asked.values()):
        return Reply(400, body=f"{' and '.join(FIELDS)} must be strings.".encode())
    return None
