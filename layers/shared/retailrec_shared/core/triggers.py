"""What wakes a function: the events AWS sends us, parsed at the edge.

Only what identifies the resource is taken from them. A handler then asks for the
resource's present state, since events come late, twice and out of order.
"""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from retailrec_shared.core.events import Event


class _Edge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Bucket(_Edge):
    name: str


class _Object(_Edge):
    key: str  # raw in EventBridge events, never URL-encoded (it is in S3 notifications)
    size: int = 0
    etag: str
    version_id: str | None = Field(None, alias="version-id")
    sequencer: str = ""


class _ObjectCreated(_Edge):
    bucket: _Bucket
    object: _Object
    run_id: str | None = Field(None, alias="run-id")  # only in our own replays


class ObjectCreated(_Edge):
    """EventBridge's "Object Created" of S3."""

    time: datetime
    detail: _ObjectCreated


class _TrainingJob(_Edge):
    name: str = Field(alias="TrainingJobName")


class _TuningJob(_Edge):
    name: str = Field(alias="HyperParameterTuningJobName")


class _ModelPackage(_Edge):
    # AWS's own example of the event has the ARN alone.
    arn_or_name: str = Field(validation_alias=AliasChoices("ModelPackageArn", "ModelPackageName"))

    @property
    def name(self) -> str:
        return self.arn_or_name.rpartition("/")[2]


class _TransformJob(_Edge):
    name: str = Field(alias="TransformJobName")


class _Endpoint(_Edge):
    name: str = Field(alias="EndpointName")


class _RetrainingRequested(_Edge):
    token: str = ""
    run_id: str | None = Field(None, alias="run-id")  # only in our own replays


class RetrainingRequested(_Edge):
    """The event `Retraining Requested` of an operator's, or a schedule's: then it tells nothing."""

    detail: _RetrainingRequested


class TrainingJobChanged(_Edge):
    """The event `SageMaker Training Job State Change`."""

    detail: _TrainingJob


class TuningJobChanged(_Edge):
    """The event `SageMaker HyperParameter Tuning Job State Change`."""

    detail: _TuningJob


class ModelPackageChanged(_Edge):
    """The event `SageMaker Model Package State Change`; the package bears its training job's name."""

    detail: _ModelPackage


class TransformJobChanged(_Edge):
    """The event `SageMaker Transform Job State Change`."""

    detail: _TransformJob


class EndpointChanged(_Edge):
    """The event `SageMaker Endpoint State Change`."""

    detail: _Endpoint


AnyEvent = TypeVar("AnyEvent", bound=Event)


def own_event(model: type[AnyEvent], event: dict[str, Any]) -> AnyEvent:
    """Parse one of the pipeline's own events out of its EventBridge envelope."""
    return model.model_validate(event["detail"])
