"""Every S3 key and every AWS name, built in one place.

A run id is derived, never random, so that the same drop always means the same
run. Names of SageMaker resources derive from the run id in turn, which makes
creating them idempotent: a second call finds the first one's resource.
"""

import hashlib
import json
import re
from collections.abc import Mapping

MAX_RESOURCE_NAME = 63
RUN_ID_LENGTH = 16
ATTEMPT_SUFFIX_LENGTH = len("-s999")
TUNING_PREFIX = "tuning-"

# A run's outputs under runs/<run_id>/ in the data bucket.
TRAIN_CSV = "train/interactions.csv"
TEST_CSV = "test/interactions.csv"
TRAIN_PARQUET = "interactions/train.parquet"
TEST_PARQUET = "interactions/test.parquet"
REJECTED_PARQUET = "rejected/rows.parquet"
# Every row as it was read, for later runs to add to: the file's own, and where it was added to others', all.
OWN_LINES = "lines/own.parquet"
WHOLE_LINES = "lines/whole.parquet"
CATALOGUE_JSONL = "catalogue/items.jsonl.gz"
HISTORY_JSONL = "history/customers.jsonl.gz"
POPULAR_JSON = "popular/items.json"
SIMILAR_JSONL = "similar/items.jsonl.gz"
BATCH_INPUT_JSONL = "batch-input/customers.jsonl"
QUALITY_REPORT_JSON = "quality/report.json"
QUALITY_REPORT_HTML = "quality/report.html"
RECOMMENDATIONS_PARQUET = "recommendations/recommendations.parquet"
BATCH_OUTPUT_PREFIX = "batch-output"
MODEL_PREFIX = "model"
CHECKPOINTS_PREFIX = "checkpoints"


# A small file next to the data in the raw bucket: its column mapping. It starts no run.
MAPPING_SUFFIX = ".mapping.json"
_MAX_KEY_BYTES = 1_024


def mapping_key(key: str) -> str:
    """Key of the column mapping of an uploaded object."""
    return key + MAPPING_SUFFIX


def may_have_mapping(key: str) -> bool:
    """Return whether the mapping's key is within S3's limit for keys."""
    return len(mapping_key(key).encode()) <= _MAX_KEY_BYTES


APPEND_PREFIX = "append/"


def appends(key: str) -> bool:
    """Return whether an object of the raw bucket adds to the dataset instead of replacing it."""
    return key.startswith(APPEND_PREFIX)


def makes_a_run(key: str) -> bool:
    """Return whether an object of the raw bucket is data: not a folder of the S3 console, not a mapping."""
    return not key.endswith(("/", MAPPING_SUFFIX))


def run_id(bucket: str, key: str, etag: str, configuration: Mapping[str, str]) -> str:
    """Identify the run of these bytes under this configuration.

    The ETag is used, not the version id: a versioned bucket gives the same
    bytes a new version at every drop, and the same bytes are one run.
    """
    identity = [bucket, key, etag.strip('"'), sorted(configuration.items())]
    digest = hashlib.sha256(json.dumps(identity, ensure_ascii=True).encode())
    return digest.hexdigest()[:RUN_ID_LENGTH]


def run_prefix(run: str) -> str:
    """Prefix of everything a run writes, with its final slash."""
    return f"runs/{run}/"


def run_key(run: str, relative: str) -> str:
    """Key of one output of a run; ``relative`` is one of this module's constants."""
    return run_prefix(run) + relative


def resource_prefix(stack: str) -> str:
    """Prefix of the stack's SageMaker resources, its final hyphen included.

    Raises ValueError for a stack name that is too long for a run id to follow. (Such a
    stack does not deploy either: its functions' names would be too long.)
    """
    prefix = f"{stack}-"
    if len(prefix) + RUN_ID_LENGTH + ATTEMPT_SUFFIX_LENGTH > MAX_RESOURCE_NAME:
        raise ValueError(f"stack name {stack!r} is too long: use at most 40 characters")
    return prefix


def resource_name(prefix: str, run: str, attempt: int = 1) -> str:
    """Name of the run's training job, model, transform job and endpoint config on instances alike.

    SageMaker never lets a job's name be used again, so each attempt after the first has a name of its own.
    """
    return f"{prefix}{run}" if attempt == 1 else f"{prefix}{run}-{attempt}"


def serverless_name(prefix: str, run: str, attempt: int = 1) -> str:
    """Name of the run's model and endpoint config that are serverless.

    Serverless Inference takes no network-isolated model, so such an endpoint has a model of its own.
    """
    return f"{prefix}{run}-s{attempt}"


def run_of_resource(prefix: str, name: str) -> str | None:
    """Read the run id back from a resource's name, of any attempt; ``None`` for somebody else's resource."""
    found = re.fullmatch(re.escape(prefix) + f"([0-9a-f]{{{RUN_ID_LENGTH}}})(?:-s?[1-9][0-9]{{0,2}})?", name)
    return found[1] if found else None


def tuning_job_name(run: str, attempt: int = 1) -> str:
    """Name of the run's tuning job: SageMaker allows 32 characters, too few for any stack's name.

    Its training jobs bear this name, a number and something random.
    """
    return resource_name(TUNING_PREFIX, run, attempt)


def run_of_tuning_job(name: str) -> str | None:
    """Read the run id back from a tuning job's name."""
    return run_of_resource(TUNING_PREFIX, name)


def variant_name(run: str) -> str:
    """Name of the endpoint's one production variant: responses carry it, so it identifies their run."""
    return f"run-{run}"


def run_of_variant(variant: str) -> str | None:
    """Read the run id back from the variant that answered."""
    return run_of_resource("run-", variant)
