"""Examples of every event and request that starts a function, and of every event that the pipeline emits.

The shapes are those of AWS's own documentation and service models. `make events`
writes them to events/; with the values of a stack that is up, `sam local invoke`
runs the functions with them.
"""

from typing import Any

from local.samlocal import examples_of_sagemaker as sagemaker
from local.samlocal.examples_of_requests import requests
from local.samlocal.values import Values
from retailrec_shared.core import events, names
from retailrec_shared.ledger import replay

Json = dict[str, Any]
_TIME = "2026-01-02T03:04:05Z"


def examples(values: Values) -> dict[str, Json]:
    """Make every example, by the name of its file without its ending."""
    made = {
        "object-created": _of_aws(
            values, "aws.s3", "Object Created", _object_created(values), _bucket(values)
        ),
        "object-created-append": _of_aws(
            values, "aws.s3", "Object Created", _object_created(values, names.APPEND_PREFIX), _bucket(values)
        ),
        "retraining-requested": _of_aws(
            values,
            replay.OPERATORS_SOURCE,
            replay.RETRAINING_REQUESTED,
            {"stack": values.stack, "token": "4f9c1d2e7a3b4c5d8e6f0a1b2c3d4e5f"},
        ),
        "schedule": _of_aws(values, "aws.events", "Scheduled Event", {}, _rule(values)),
    }
    made["deployment"] = _deployment(values)
    for name, (kind, arn, detail) in sagemaker.changes(values).items():
        made[name] = _of_aws(values, "aws.sagemaker", f"SageMaker {kind} State Change", detail, arn)
    for name, event in _own(values).items():
        made[name] = _of_aws(values, events.SOURCE, event.detail_type, event.model_dump(mode="json"))
    return made | requests(values)


def _of_aws(values: Values, source: str, detail_type: str, detail: Json, *resources: str) -> Json:
    return {
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": detail_type,
        "source": source,
        "account": values.account,
        "time": _TIME,
        "region": values.region,
        "resources": list(resources),
        "detail": detail,
    }


def _deployment(values: Values) -> Json:
    """CloudFormation's question to a custom resource: here, whether the Marketplace algorithm fits."""
    stack = f"arn:aws:cloudformation:{values.region}:{values.account}:stack/{values.stack}"
    return {
        "RequestType": "Create",
        "RequestId": "9f6a4d4e-3c0a-4a51-9c1f-2f4bb8f7c1b0",
        "ResponseURL": "https://cloudformation-custom-resource-response.example.com/answer",
        "StackId": f"{stack}/51af3dc0-da77-11e4-872e-1234567db123",
        "ResourceType": "Custom::AlgorithmCheck",
        "LogicalResourceId": "AlgorithmCheck",
        "ResourceProperties": {
            "ServiceToken": (
                f"arn:aws:lambda:{values.region}:{values.account}:function:{values.stack}-check-algorithm"
            ),
            "AlgorithmArn": values.algorithm_arn,
        },
    }


def _bucket(values: Values) -> str:
    return f"arn:aws:s3:::{values.raw_bucket}"


def _rule(values: Values) -> str:
    return f"arn:aws:events:{values.region}:{values.account}:rule/{values.stack}-EveryFiveMinutes"


def _object_created(values: Values, folder: str = "") -> Json:
    return {
        "version": "0",
        "bucket": {"name": values.raw_bucket},
        "object": {
            "key": folder + values.key.removeprefix(folder),
            "size": values.size,
            "etag": values.etag,
            **({"version-id": values.version_id} if values.version_id else {}),
            "sequencer": values.sequencer,
        },
        "request-id": "C3D13FE58DE4C810",
        "requester": values.account,
        "source-ip-address": "192.0.2.1",
        "reason": "PutObject",
    }


def _own(values: Values) -> dict[str, events.Event]:
    run = values.run_id
    low = {"p@k(10)": 0.004}
    return {
        "dataset-prepared": events.DatasetPrepared(
            run_id=run, interactions=779425, customers=5878, items=4631
        ),
        "dataset-rejected": events.DatasetRejected(
            run_id=run, reason="The file has no column for the customer."
        ),
        "model-approved": events.ModelApproved(
            run_id=run, model_name=values.name, metrics={"p@k(10)": 0.1}
        ),
        "model-rejected": events.ModelRejected(
            run_id=run,
            reason="Held-out p@k(10) is 0.0040, below the floor of 0.0100.",
            metrics=low,
            next_step=f"Look at its metrics: retailrec status {run} - "
            f"and if they satisfy you after all: retailrec approve {run}",
        ),
        "recommendations-published": events.RecommendationsPublished(
            run_id=run, customers=5878, recommendations=58780
        ),
        "endpoint-live": events.EndpointLive(run_id=run, replaced="fedcba9876543210"),
        "run-failed": events.RunFailed(
            run_id=run,
            stage="train",
            reason="AlgorithmError: exit code: 1",
            next_step="Read the log (retailrec logs), fix the cause, "
            f"then run: retailrec retry {run}",
        ),
    }  # fmt: skip
