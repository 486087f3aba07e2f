"""Events sent again on the default bus, under sources of our own.

``PutEvents`` refuses ``aws.*`` sources, so every rule that matches ``aws.s3`` or
``aws.sagemaker`` matches these as well: the reconciler and operators replay lost
events with them, and the cloud on a laptop emits its job events under one.
"""

import json
from typing import TYPE_CHECKING, Any

from retailrec_shared.core import aws, names
from retailrec_shared.core.errors import NotAccepted
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

S3_SOURCE = "retailrec.s3"
SAGEMAKER_SOURCE = "retailrec.sagemaker"
OPERATORS_SOURCE = "retailrec.operators"
RETRAINING_REQUESTED = "Retraining Requested"


def object_created(upload: Upload, run_id: str | None = None) -> "PutEventsRequestEntryTypeDef":
    """Build the "Object Created" of an upload, for the run that waits for it."""
    thing: dict[str, Any] = {
        "key": upload.key,
        "size": upload.size,
        "etag": upload.etag,
        "sequencer": upload.sequencer,
    }
    if upload.version_id:
        thing["version-id"] = upload.version_id
    detail = {"bucket": {"name": upload.bucket}, "object": thing}
    return _entry(S3_SOURCE, "Object Created", detail | ({"run-id": run_id} if run_id else {}))


def retraining_requested(
    stack: str, token: str = "", run_id: str | None = None
) -> "PutEventsRequestEntryTypeDef":
    """Build an operator's request to retrain, or the repeated one of a run that makes no progress."""
    detail = {"stack": stack, "token": token} | ({"run-id": run_id} if run_id else {})
    return _entry(OPERATORS_SOURCE, RETRAINING_REQUESTED, detail)


def training_job_changed(job_name: str) -> "PutEventsRequestEntryTypeDef":
    """Build a training job's state change; its receiver asks SageMaker for the state."""
    return _entry(SAGEMAKER_SOURCE, "SageMaker Training Job State Change", {"TrainingJobName": job_name})


def tuning_job_changed(name: str) -> "PutEventsRequestEntryTypeDef":
    """Build a tuning job's state change."""
    detail = {"HyperParameterTuningJobName": name}
    return _entry(SAGEMAKER_SOURCE, "SageMaker HyperParameter Tuning Job State Change", detail)


def training_changed(prefix: str, run: Run) -> "PutEventsRequestEntryTypeDef":
    """Build the state change of what trains a run: its training job or its tuning job."""
    attempt = run.attempt(Stage.TRAIN)
    if run.tunes:
        return tuning_job_changed(names.tuning_job_name(run.run_id, attempt))
    return training_job_changed(names.resource_name(prefix, run.run_id, attempt))


def transform_job_changed(job_name: str) -> "PutEventsRequestEntryTypeDef":
    """Build a transform job's state change."""
    return _entry(SAGEMAKER_SOURCE, "SageMaker Transform Job State Change", {"TransformJobName": job_name})


def endpoint_changed(name: str) -> "PutEventsRequestEntryTypeDef":
    """Build an endpoint's state change."""
    return _entry(SAGEMAKER_SOURCE, "SageMaker Endpoint State Change", {"EndpointName": name})


def send(entry: "PutEventsRequestEntryTypeDef") -> None:
    """Put an event on the default bus; raises NotAccepted when the bus did not accept it."""
    answer = aws.eventbridge().put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise NotAccepted(f"the event was not accepted: {answer['Entries'][0].get('ErrorMessage')}")


def _entry(source: str, detail_type: str, detail: dict[str, Any]) -> "PutEventsRequestEntryTypeDef":
    return {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
