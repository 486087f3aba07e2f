"""AWS's documented limits of requests that botocore's models do not hold, each with its source."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

Request = Mapping[str, Any]
KB, MB = 1024, 1024 * 1024
DAY = 86_400

SAGEMAKER_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
TUNING = "https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"
SERVERLESS = "https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html"
RUNTIME = f"{SAGEMAKER_API}API_runtime_InvokeEndpoint.html"
EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"
BATCH_WRITE = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"
S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"
S3_METADATA = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"
S3_PUT = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"
S3_DELETE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"
TAGS = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
SNS = "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"


class Limit(NamedTuple):
    """A limit of one service's requests: of which operations, what is measured, at most, and the source.

    ``measure`` yields what must not be more than ``most``, once for each thing that it is measured of.
    """

    service: str
    operations: frozenset[str]
    what: str
    measure: Callable[[Request], Iterator[float]]
    most: float
    source: str


def _limit(
    service: str,
    operations: str,
    what: str,
    measure: Callable[[Request], Iterator[float]],
    most: float,
    source: str,
) -> Limit:
    return Limit(service, frozenset(operations.split()), what, measure, most, source)


def size_of_text(text: str) -> int:
    """Return the bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


# SageMaker


def _payload(request: Request) -> Iterator[float]:
    yield request.get("MaxPayloadInMB", 6) * request.get("MaxConcurrentTransforms", 1)


def _runtime(request: Request) -> Iterator[float]:
    definition = request.get("TrainingJobDefinition", request)
    yield definition.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 0)


def _runtime_above_wait(request: Request) -> Iterator[float]:
    condition = request.get("TrainingJobDefinition", request).get("StoppingCondition", {})
    if "MaxWaitTimeInSeconds" in condition:
        yield condition["MaxRuntimeInSeconds"] - condition["MaxWaitTimeInSeconds"]


def _resource_limit(name: str) -> Callable[[Request], Iterator[float]]:
    def measure(request: Request) -> Iterator[float]:
        yield request["HyperParameterTuningJobConfig"]["ResourceLimits"].get(name, 0)

    return measure


def _ranges(request: Request) -> Iterator[float]:
    yield sum(map(len, request["HyperParameterTuningJobConfig"].get("ParameterRanges", {}).values()))


def _memory_beyond_steps(request: Request) -> Iterator[float]:
    for variant in request["ProductionVariants"]:
        yield variant.get("ServerlessConfig", {}).get("MemorySizeInMB", 0) % KB


def _serverless_variants(request: Request) -> Iterator[float]:
    variants = request["ProductionVariants"]
    if any("ServerlessConfig" in variant for variant in variants):
        yield len(variants)


def _reserved_tags(request: Request) -> Iterator[float]:
    yield sum(str(tag["Key"]).lower().startswith("aws:") for tag in request.get("Tags", ()))


def _body(request: Request) -> Iterator[float]:
    body = request.get("Body", b"")
    if isinstance(body, str | bytes):
        yield len(body.encode() if isinstance(body, str) else body)


# EventBridge


def _event_sizes(request: Request) -> Iterator[float]:
    for entry in request["Entries"]:
        texts = (entry.get(member, "") for member in ("Source", "DetailType", "Detail"))
        yield (14 if "Time" in entry else 0) + sum(
            map(size_of_text, chain(texts, entry.get("Resources", ())))
        )


def _details_that_are_no_json(request: Request) -> Iterator[float]:
    for entry in request["Entries"]:
        yield not isinstance(json.loads(entry.get("Detail", "{}")), dict)


# DynamoDB


def _items(request: Request) -> Iterator[Any]:
    if "Item" in request:
        yield request["Item"]
    for writes in request.get("RequestItems", {}).values():
        yield from (each["PutRequest"]["Item"] for each in writes if "PutRequest" in each)
    for entry in request.get("TransactItems", ()):
        if "Put" in entry:
            yield entry["Put"]["Item"]


def size_of_attribute(value: Mapping[str, Any]) -> int:
    """Return the bytes of an attribute's value, as DynamoDB counts them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    ((kind, inner),) = value.items()
    match kind:
        case "S":
            return size_of_text(inner)
        case "B":
            return len(inner)
        case "N":
            return len(inner.lstrip("-").replace(".", "")) // 2 + 2
        case "L":
            return 3 + sum(1 + size_of_attribute(each) for each in inner)
        case "M":
            return 3 + sum(1 + size_of_text(name) + size_of_attribute(each) for name, each in inner.items())
        case "SS" | "NS" | "BS":
            return sum(map(len, inner)) if kind == "BS" else sum(map(size_of_text, inner))
    return 1


def _item_sizes(request: Request) -> Iterator[float]:
    for item in _items(request):
        if len(repr(item)) * 4 > 400 * KB:  # else it cannot be too large
            yield sum(size_of_text(name) + size_of_attribute(value) for name, value in item.items())


def _writes(request: Request) -> Iterator[float]:
    yield sum(map(len, request["RequestItems"].values()))


def _sent(request: Request) -> Iterator[float]:
    if len(repr(request)) * 12 > 16 * MB:  # else it cannot be too large
        yield len(json.dumps(request, default=repr))


def _reads(request: Request) -> Iterator[float]:
    yield sum(len(each["Keys"]) for each in request["RequestItems"].values())


def _partition_keys(request: Request) -> Iterator[float]:
    for item in chain(_items(request), [request["Key"]] if "Key" in request else ()):
        if "S" in item.get("pk", {}):
            yield size_of_text(item["pk"]["S"])


def _expressions(request: Request) -> Iterator[float]:
    for one in (request, *(each for entry in request.get("TransactItems", ()) for each in entry.values())):
        for name, value in one.items():
            if name.endswith("Expression"):
                yield size_of_text(value)


def _doubled_keys(request: Request) -> Iterator[float]:
    for writes in request["RequestItems"].values():
        keys = [
            repr((each.get("PutRequest", {}).get("Item") or each["DeleteRequest"]["Key"])["pk"])
            for each in writes
        ]
        yield len(keys) - len(set(keys))


# S3


def _object_key(request: Request) -> Iterator[float]:
    yield size_of_text(request["Key"])


def _user_metadata(request: Request) -> Iterator[float]:
    yield sum(size_of_text(name) + size_of_text(value) for name, value in request.get("Metadata", {}).items())


def _deleted(request: Request) -> Iterator[float]:
    yield len(request["Delete"]["Objects"])


# Lambda and SNS


def _lambda_payload(request: Request) -> Iterator[float]:
    if request.get("InvocationType") != "Event":
        yield len(request.get("Payload", b""))


def _subject(request: Request) -> Iterator[float]:
    yield len(request.get("Subject", ""))


def _line_ends(request: Request) -> Iterator[float]:
    yield sum(not char.isprintable() for char in request.get("Subject", ""))


TRAINING = "CreateTrainingJob CreateHyperParameterTuningJob"
CREATED = f"{TRAINING} CreateModel CreateModelPackage CreateTransformJob CreateEndpointConfig CreateEndpoint"
OBJECTS = "PutObject GetObject HeadObject DeleteObject CreateMultipartUpload CopyObject"
ITEMS = "PutItem BatchWriteItem TransactWriteItems"

LIMITS = (
    _limit("sagemaker", "CreateTransformJob", "MB of payload of all concurrent requests", _payload, 100,
           f"{SAGEMAKER_API}API_CreateTransformJob.html"),
    _limit("sagemaker", TRAINING, "seconds of MaxRuntimeInSeconds", _runtime, 28 * DAY,
           f"{SAGEMAKER_API}API_StoppingCondition.html"),
    _limit("sagemaker", TRAINING, "seconds of MaxRuntimeInSeconds above MaxWaitTimeInSeconds",
           _runtime_above_wait, 0, f"{SAGEMAKER_API}API_StoppingCondition.html"),
    _limit("sagemaker", "CreateHyperParameterTuningJob", "training jobs in total",
           _resource_limit("MaxNumberOfTrainingJobs"), 750, TUNING),
    _limit("sagemaker", "CreateHyperParameterTuningJob", "training jobs in parallel",
           _resource_limit("MaxParallelTrainingJobs"), 100, TUNING),
    _limit("sagemaker", "CreateHyperParameterTuningJob", "searched hyperparameters", _ranges, 30, TUNING),
    _limit("sagemaker", "CreateEndpointConfig", "MB of memory beyond steps of 1 GB", _memory_beyond_steps, 0,
           f"{SAGEMAKER_API}API_ProductionVariantServerlessConfig.html"),
    _limit("sagemaker", "CreateEndpointConfig", "variants of a serverless endpoint", _serverless_variants, 1,
           SERVERLESS),
    _limit("sagemaker", CREATED, "tags of AWS's own", _reserved_tags, 0, TAGS),
    _limit("sagemaker-runtime", "InvokeEndpoint", "bytes of the body of a serverless endpoint", _body, 4 * MB,
           SERVERLESS),
    _limit("events", "PutEvents", "bytes of an event", _event_sizes, 256 * KB, EVENTS),
    _limit("events", "PutEvents", "details that are no JSON object", _details_that_are_no_json, 0, EVENTS),
    _limit("dynamodb", ITEMS, "bytes of an item", _item_sizes, 400 * KB, DYNAMODB),
    _limit("dynamodb", "BatchWriteItem", "items written at once", _writes, 25, DYNAMODB),
    _limit("dynamodb", "BatchWriteItem", "bytes of a request", _sent, 16 * MB, BATCH_WRITE),
    _limit("dynamodb", "BatchWriteItem", "items written twice at once", _doubled_keys, 0, DYNAMODB),
    _limit("dynamodb", "BatchGetItem", "items read at once", _reads, 100, DYNAMODB),
    _limit("dynamodb", f"{ITEMS} GetItem UpdateItem DeleteItem", "bytes of a partition key", _partition_keys,
           2_048, DYNAMODB),
    _limit("dynamodb", "PutItem UpdateItem DeleteItem Query TransactWriteItems", "bytes of an expression",
           _expressions, 4 * KB, DYNAMODB),
    _limit("s3", OBJECTS, "bytes of a key", _object_key, 1_024, S3),
    _limit("s3", "PutObject CreateMultipartUpload", "bytes of user metadata", _user_metadata, 2 * KB,
           S3_METADATA),
    _limit("s3", "PutObject", "bytes of an object in one part", _body, 5 * 1024 * MB, S3_PUT),
    _limit("s3", "DeleteObjects", "objects deleted at once", _deleted, 1_000, S3_DELETE),
    _limit("lambda", "Invoke", "bytes of a payload that is answered", _lambda_payload, 6 * MB, LAMBDA),
    _limit("sns", "Publish", "characters of a subject", _subject, 99, SNS),
    _limit("sns", "Publish", "line ends and control characters of a subject", _line_ends, 0, SNS),
)  # fmt: skip
