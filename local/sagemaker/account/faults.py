"""Faults that a test injects, each with the number of times it still applies."""

import asyncio
import contextlib
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from local.sagemaker.errors import ServiceError

JobKind = Literal["training-job", "transform-job", "endpoint", "model-package", "hyper-parameter-tuning-job"]


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid")
    times: int = Field(default=1, ge=1)


class Throttle(_Fault):
    """Refuse the next calls of an operation, or of any, with ThrottlingException."""

    fault: Literal["throttle"]
    operation: str | None = None


class Refuse(_Fault):
    """Refuse the next calls of an operation, or of any, with an error, such as one about a new role."""

    fault: Literal["refuse"]
    operation: str | None = None
    code: str = "ValidationException"
    message: str


class LateMetrics(_Fault):
    """Leave FinalMetricDataList out of the next descriptions of training jobs that have ended."""

    fault: Literal["late-metrics"]


class LoseReply(_Fault):
    """Execute the next call of an operation, then respond with an error."""

    fault: Literal["lose-reply"]
    operation: str | None = None


class Quota(BaseModel):
    """Limit the instances of a type for a kind of resource; it applies until cleared or changed."""

    model_config = ConfigDict(extra="forbid")
    fault: Literal["quota"]
    kind: JobKind
    instance_type: str
    limit: int = Field(ge=0)


class Unsubscribed(BaseModel):
    """Cancel the account's subscription to the Marketplace algorithm, until cleared."""

    model_config = ConfigDict(extra="forbid")
    fault: Literal["unsubscribed"]


class Fail(_Fault):
    """Make the next jobs of a kind, or endpoint rollouts, fail with this reason."""

    fault: Literal["fail"]
    kind: JobKind
    reason: str = "AlgorithmError: a fault was injected"
    # An update that fails is rolled back, unless the rollback must fail too.
    rollback_fails: bool = False


class Slow(_Fault):
    """Hold the next jobs of a kind, or rollouts, in their first state for some seconds, or until cleared."""

    fault: Literal["slow"]
    kind: JobKind
    seconds: float = Field(gt=0)


class Event(_Fault):
    """Do something to the next events, of one detail-type and status or of any."""

    fault: Literal["event"]
    action: Literal["drop", "duplicate", "delay"]
    seconds: float = Field(default=1.0, ge=0)
    detail_type: str | None = None
    status: str | None = None


AnyFault = Annotated[
    Throttle | Refuse | LateMetrics | LoseReply | Quota | Unsubscribed | Fail | Slow | Event,
    Field(discriminator="fault"),
]
ONE_OR_MORE: TypeAdapter[list[AnyFault]] = TypeAdapter(list[AnyFault])
F = TypeVar("F", bound=_Fault)


class FaultBoard:
    """The faults that still apply, oldest first."""

    def __init__(self, limits: dict[tuple[str, str], int]) -> None:
        self._limits = limits
        self._faults: list[_Fault] = []
        self.unsubscribed = False
        self._cleared = asyncio.Event()

    def post(self, posted: Any) -> None:
        """Add one fault or a list of them; raises pydantic's ValidationError, and then adds none."""
        faults = ONE_OR_MORE.validate_python(posted if isinstance(posted, list) else [posted])
        for fault in faults:
            if isinstance(fault, Quota):
                self._limits[fault.kind, fault.instance_type] = fault.limit
            elif isinstance(fault, Unsubscribed):
                self.unsubscribed = True
            else:
                self._faults.append(fault)

    def listed(self) -> list[dict[str, Any]]:
        """List the faults that still apply, and the quotas."""
        lasting: list[BaseModel] = [Unsubscribed(fault="unsubscribed")] if self.unsubscribed else []
        lasting += [
            Quota(fault="quota", kind=kind, instance_type=instance_type, limit=limit)
            for (kind, instance_type), limit in self._limits.items()
        ]
        return [fault.model_dump() for fault in [*self._faults, *lasting]]

    def clear(self) -> None:
        """Forget every fault and every quota, and release held jobs."""
        self._faults.clear()
        self._limits.clear()
        self.unsubscribed = False
        self._cleared.set()
        self._cleared = asyncio.Event()

    def throttle(self, operation: str) -> None:
        """Refuse a call that a fault throttles."""
        if self._use(Throttle, operation=operation):
            raise ServiceError("ThrottlingException", "Rate exceeded")

    def refuse(self, operation: str) -> None:
        """Refuse a call that a fault refuses."""
        fault = self._use(Refuse, operation=operation)
        if fault:
            raise ServiceError(fault.code, fault.message)

    def metrics_are_late(self) -> bool:
        """Return whether an ended training job does not show its metrics yet."""
        return self._use(LateMetrics) is not None

    def lose_reply(self, operation: str) -> None:
        """Answer a call that worked with an error, if a fault says so."""
        if self._use(LoseReply, operation=operation):
            raise ServiceError("InternalFailure", "The request processing has failed.", 500)

    def failure(self, kind: JobKind) -> Fail | None:
        """Use the fault, if any, that makes this job or rollout fail."""
        return self._use(Fail, kind=kind)

    async def hold(self, kind: JobKind) -> None:
        """Delay this job or rollout if a fault says so."""
        slow = self._use(Slow, kind=kind)
        if slow:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._cleared.wait(), slow.seconds)

    def event(self, detail_type: str, status: str) -> Event | None:
        """Use the fault, if any, that applies to this event."""
        return self._use(Event, detail_type=detail_type, status=status)

    def _use(self, family: type[F], **of: str) -> F | None:
        """Use the oldest matching fault of this family once; a field that is None matches everything."""
        for fault in self._faults:
            if isinstance(fault, family) and all(getattr(fault, name) in (None, of[name]) for name in of):
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None
