"""Lambda: asynchronous invocations with their retries, deaths and dead letters."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from greenlet import getcurrent, greenlet

from tests.chaos.faults import Fault
from tests.chaos.rules import Function
from tests.chaos.services.dynamodb import refusal
from tests.chaos.surroundings import Surroundings
from tests.limits.requests import record
from tests.policies.calls import operation_of, problems, problems_if_missing, request_of, says_missing
from tests.policies.roles import function_names

# Publishing ends, and continues in another invocation, when it has less time than this.
RESERVED = 60.0
PUBLISHES = "publish_recommendations"
# Whose requests are checked against AWS's limits; those to tables and buckets are as in other tests.
CHECKED = {"events", "sagemaker"}
RETRY_AFTER = (60.0, 120.0)
WORDS = {"dynamodb": "ProvisionedThroughputExceededException", "s3": "SlowDown"}
TRANSACTIONS = {"transact_write_items"}  # boto3 sends a token with them: sent twice, they happen once


class Killed(BaseException):
    """The end of a Lambda whose container is gone; nothing of it may happen afterwards."""


@dataclass
class Invocation:
    """One attempt of a function at one event."""

    world: Surroundings
    function: Function
    event: Any
    name: str
    attempt: int
    deadline: float
    calls: int = 0
    dead: bool = False

    def run(self) -> None:
        """Call the real handler, in a greenlet of its own."""
        _Container(self).switch()

    def _handle(self) -> None:
        self.world.say(f"{self.name} begins")
        try:
            self._act()
        except Killed as end:
            self._failed(f"is killed: {end}", died=True)
        except Exception as error:  # noqa: BLE001 - Lambda's own boundary
            # An error while an error was dealt with: what it should have left behind, it could not.
            self._failed(f"raises {error!r}", died=error.__context__ is not None)
            if not _of_aws(error):
                self.world.violation(f"{self.function.name} raised {error!r}")
        else:
            self.world.say(f"{self.name} ends")

    def _act(self) -> None:
        importlib.import_module(self.function.module).handler(self.event, _Context(self))

    def _failed(self, how: str, died: bool) -> None:
        self.world.say(f"{self.name} {how}")
        if died:
            self.world.died(self)
        if self.attempt <= self.function.retries:
            again = Invocation(
                self.world, self.function, self.event, f"{self.name}'", self.attempt + 1, self.deadline
            )
            wait = RETRY_AFTER[self.attempt - 1]
            self.world.timeline.after(wait, lambda: self.world.invoke(again))
        else:
            self.world.dead_letters.append((self.function, self.event, self.name))

    def call(self, service: str, operation: str, act: Callable[[], Any]) -> Any:
        """Make a call to AWS, with whatever befalls it."""
        if self.dead:
            raise Killed("it is dead already")
        self.calls += 1
        name = f"{self.name}.{self.calls}"
        world = self.world
        world.timeline.pause(world.latency(name))
        if world.timeline.now > self.deadline:
            world.weather.note(Fault.TIMED_OUT, name)
            self._die("it timed out")
        fault = world.weather.of_call(name, service, world.timeline.now)
        if fault:
            world.say(f"{self.name} {service} {operation}: {fault}")
        return self._befall(fault, service, operation, act)

    def _befall(self, fault: Fault | None, service: str, operation: str, act: Callable[[], Any]) -> Any:
        if fault is Fault.KILLED_BEFORE:
            self._die(f"before {operation}")
        if fault is Fault.THROTTLED:
            raise refusal(WORDS.get(service, "ThrottlingException"), "Rate exceeded")
        if fault in (Fault.REFUSED, Fault.OUTAGE):
            raise refusal("InternalServerError" if fault is Fault.REFUSED else "ServiceUnavailable", "Sorry")
        answer = act()
        if fault is Fault.SENT_TWICE and operation not in TRANSACTIONS:
            return act()
        if fault is Fault.REPLY_LOST:
            raise ReadTimeoutError(endpoint_url=f"https://{service}")
        if fault is Fault.KILLED_AFTER:
            self._die(f"after {operation}")
        return answer

    def _die(self, how: str) -> None:
        self.dead = True
        raise Killed(how)


def _of_aws(error: Exception) -> bool:
    """Return whether an error came of AWS, and is no bug of the handler's."""
    if isinstance(error, ExceptionGroup):
        return all(_of_aws(inner) for inner in error.exceptions)
    return isinstance(error, (ClientError, BotoCoreError, TimeoutError))


class _Container(greenlet):  # type: ignore[misc] # it has no stubs
    """The greenlet of one invocation."""

    def __init__(self, invocation: Invocation) -> None:
        super().__init__(invocation._handle)
        self.invocation = invocation


def present() -> Invocation | None:
    """Return the invocation that is running, unless it is the world itself that acts."""
    running = getcurrent()
    return running.invocation if isinstance(running, _Container) else None


class Client:
    """boto3's client of a service, for the running function."""

    def __init__(self, service: str, target: Any) -> None:
        self._service = service
        self._target = target

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._target, operation)

        def call(*args: Any, **request: Any) -> Any:
            invocation = present()

            def act() -> Any:
                return method(*args, **request)

            if invocation is None:
                return act()
            if self._service in CHECKED:
                record(self._service, operation_of(operation), request_of(operation, args, request))
            return invocation.call(
                self._service,
                operation,
                lambda: self._authorised(invocation, operation, request_of(operation, args, request), act),
            )

        return call

    def _authorised(self, invocation: Invocation, method: str, request: Any, act: Callable[[], Any]) -> Any:
        """Act, and record what of it the function's role does not allow."""
        function, refused = invocation.function.name, invocation.world.refused
        if function not in function_names():  # an operator, who has rights of their own
            return act()
        refused(problems(function, self._service, operation_of(method), request))
        try:
            return act()
        except ClientError as error:
            if self._service == "s3" and says_missing(error):
                refused(problems_if_missing(function, request["Bucket"]))
            raise

    def get_paginator(self, operation: str) -> "_Paginator":
        """Page through a listing, which has one page here."""
        return _Paginator(getattr(self, operation))


class _Paginator:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, PaginationConfig: Any = None, **request: Any) -> Any:  # noqa: N803
        yield self._call(**request)


class _Context(LambdaContext):
    """What a handler knows of its invocation; all attempts at one event have the same id."""

    def __init__(self, invocation: Invocation) -> None:
        name = invocation.function.name
        self._function_name = name
        self._memory_limit_in_mb = 256
        self._invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
        self._aws_request_id = invocation.name.rstrip("'")
        self._invocation = invocation

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        """Return what is left; in some histories publishing has little time from its start."""
        world = self._invocation.world
        ends = self._invocation.deadline
        if world.plan.hurry is not None and self._invocation.function.name == PUBLISHES:
            begun = ends - self._invocation.function.timeout
            ends = min(ends, begun + world.plan.hurry + RESERVED)
        return int(1000 * (ends - world.timeline.now))
