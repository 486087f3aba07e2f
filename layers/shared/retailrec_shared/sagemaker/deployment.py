"""The stack's one endpoint as a desired state.

Which run should serve follows from the ledger: the newest approved run, if its
upload is later than the live one's, else the live run. Each invocation compares
that with what the endpoint serves, and moves it one step. So after an update that
had to wait, a model that failed after deployment, or an endpoint that somebody
deleted, the endpoint comes to serve the desired run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared.core import aws, names
from retailrec_shared.core.errors import NotYet, Rejected
from retailrec_shared.core.marketplace_limits import endpoint_kind
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import DEPLOYABLE, ENDED, RunStatus, Stage
from retailrec_shared.ledger import endpoint_request
from retailrec_shared.ledger.attempts import may_pass, try_again, wait_for_turn
from retailrec_shared.ledger.endpoint_request import EndpointRequest
from retailrec_shared.ledger.failure import fail_run, step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import requests as sagemaker_requests

RESTING = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})


class EndpointState(NamedTuple):
    """DescribeEndpoint's status, run of the current config, failure, config, number of instances and kind."""

    status: str
    run_id: str | None
    failure: str | None
    config: str = ""
    instances: int = 0
    kind: str | None = None
    """"serverless" or "instance"; ``None`` while no variant serves."""

    @property
    def in_service(self) -> bool:
        """Whether the endpoint serves and may be updated."""
        return self.status == "InService"

    @property
    def busy(self) -> bool:
        """Whether SageMaker is changing the endpoint and would refuse another change."""
        return self.status not in RESTING

    def serves(self, run: Run) -> bool:
        """Return whether the endpoint serves a run, as the kind of endpoint that the run gets."""
        wanted = endpoint_kind(settings(), run.algorithm)
        return self.in_service and self.run_id == run.run_id and self.kind in (None, wanted)


def describe() -> EndpointState | None:
    """Describe the endpoint; ``None`` when there is none."""
    try:
        answer = aws.sagemaker().describe_endpoint(EndpointName=settings().endpoint_name)
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise
    config = answer.get("EndpointConfigName", "")
    run_id = names.run_of_resource(settings().resource_prefix, config)
    variants = answer.get("ProductionVariants", [])
    instances = sum(each.get("CurrentInstanceCount", 0) for each in variants)
    failure = answer.get("FailureReason")
    return EndpointState(answer["EndpointStatus"], run_id, failure, config, instances, _kind(variants))


def describe_or_fail() -> EndpointState | None:
    """Describe the endpoint; what repeats fails the run that it should serve, as in any other step."""
    try:
        return describe()
    except Exception:
        run = current_target()
        if run is None:
            raise
        with step_of(run.run_id, Stage.DEPLOY):
            raise
    raise NotYet("The endpoint cannot be described.")


def _kind(variants: Sequence[Mapping[str, Any]]) -> str | None:
    if not variants:
        return None
    return "serverless" if "CurrentServerlessConfig" in variants[0] else "instance"


def choose_target(runs: list[Run], live_id: str | None, read: Callable[[str], Run | None]) -> Run | None:
    """Choose the run that the endpoint should serve, from all runs, newest upload first.

    ``runs`` comes from the index, which may lag behind the table: a run that it
    does not show as ended is read again by ``read``. A run that ended stays ended.
    A live run that was rolled back from a later one yields to nothing earlier than that.
    """
    live = read(live_id) if live_id else None
    for run in runs:
        if live and run.run_id in {live.run_id, live.rollout.rolled_back_from}:
            break
        if run.status in ENDED:
            continue
        now = read(run.run_id)
        if now and now.status in DEPLOYABLE:  # live since the pointer was read
            return now
    return live


def reconcile_endpoint() -> None:
    """Move the endpoint one step towards the run it should serve; do nothing where it serves it.

    Raises NotYet while the endpoint is busy or the quota allows none.
    """
    if settings().endpoint_mode == "none":
        _delete()
        return
    # Each is read before what it is compared with: the last request before the ledger, so that nobody acts
    # on a ledger that is older than somebody else's request; both before the endpoint, so that an endpoint
    # at rest with another run than it accepted means that SageMaker rolled back.
    request = endpoint_request.last()
    run = current_target()
    state = describe_or_fail()
    if state and state.in_service and state.run_id:
        ledger().end_stage(state.run_id, Stage.DEPLOY)  # its own event may have been lost
    if run is None:
        _delete_if_useless(state)
    elif not (state and state.serves(run)):
        _move_towards(run, state, request)


def current_target() -> Run | None:
    """Choose the run that the endpoint should serve, from the ledger as it is."""
    return choose_target(list(ledger().runs()), ledger().pointer("live"), ledger().get)


def _move_towards(run: Run, state: EndpointState | None, request: EndpointRequest) -> None:
    """Move the endpoint one step towards a run that it does not serve."""
    requested = request.asked_for(run.run_id, sagemaker_requests.serving_name(settings(), run))
    if requested and state and state.busy:
        return
    if requested and state and run.status is RunStatus.APPROVED and endpoint_request.last() == request:
        if may_pass(run, Stage.DEPLOY, state.failure):
            endpoint_request.record("", after=request)
            try_again(run, Stage.DEPLOY, state.failure)
        fail_run(run.run_id, Stage.DEPLOY, state.failure or "SageMaker kept the endpoint's old model.")
        reconcile_endpoint()
        return
    wait_for_turn(run, Stage.DEPLOY)
    with step_of(run.run_id, Stage.DEPLOY):
        if requested and state:  # the live run: only the reconciler requests it again
            raise NotYet(
                f"SageMaker did not update the endpoint to the live run. {state.failure or ''}".strip()
            )
        with _live_run_waits(run):
            _request_change(run, state, request)


@contextmanager
def _live_run_waits(run: Run) -> Iterator[None]:
    """Raise NotYet instead of Rejected for the live run, which must not fail: it serves from the table."""
    try:
        yield
    except Rejected as refusal:
        if run.status is not RunStatus.LIVE:
            raise
        raise NotYet(f"The endpoint cannot serve the live run. {refusal}") from refusal


def _request_change(run: Run, state: EndpointState | None, last: EndpointRequest) -> None:
    if state and state.busy:
        raise NotYet(f"The endpoint is {state.status}.")
    if state and not state.in_service:
        # One whose creation or roll-back failed can only be deleted; the next invocation creates it again.
        aws.sagemaker().delete_endpoint(EndpointName=settings().endpoint_name)
        raise NotYet("A failed endpoint is being deleted.")
    if state:
        _refuse_other_kind(state, run)
    _create_config(run)
    request = endpoint_request.record(
        run.run_id, after=last, config=sagemaker_requests.serving_name(settings(), run)
    )
    if request is None:
        raise NotYet("Another invocation is changing the endpoint.")
    if state:
        _update(run)
    else:
        _create(run)
    endpoint_request.mark_accepted(request)
    ledger().start_stage(run.run_id, Stage.DEPLOY)


def _create(run: Run) -> None:
    with aws.creating("endpoint"):
        try:
            aws.sagemaker().create_endpoint(**sagemaker_requests.endpoint(settings(), run))
        except ClientError as error:
            if aws.says_exists(error):  # its name is shared by all runs: it may be another's
                raise NotYet("The endpoint is being created.") from error
            raise


def _refuse_other_kind(state: EndpointState, run: Run) -> None:
    """Raise NotYet for an endpoint on instances that would have to become serverless.

    SageMaker refuses that change, and allows the one from serverless to instances:
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    if state.kind == "instance" and endpoint_kind(settings(), run.algorithm) == "serverless":
        raise NotYet(
            "SageMaker cannot change an endpoint on instances to a serverless one. Run: "
            f"aws sagemaker delete-endpoint --endpoint-name {settings().endpoint_name}. It is created again "
            "as serverless within ten minutes; until then the API answers from the batch recommendations."
        )


def _update(run: Run) -> None:
    name = sagemaker_requests.serving_name(settings(), run)
    with aws.creating("endpoint update"):
        try:
            aws.sagemaker().update_endpoint(EndpointName=settings().endpoint_name, EndpointConfigName=name)
        except ClientError as error:
            if "in-progress" in aws.error_message(error):
                raise NotYet("Another update of the endpoint began.") from error
            raise


def _create_config(run: Run) -> None:
    """Create the run's endpoint config, again if it exists with other parameters."""
    request = sagemaker_requests.endpoint_config(settings(), run)
    made = False
    with aws.creating("endpoint config"):
        aws.sagemaker().create_endpoint_config(**request)
        made = True
    if made:
        return
    name = request["EndpointConfigName"]
    found = aws.sagemaker().describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
    if any(found.get(field) != value for field, value in request["ProductionVariants"][0].items()):
        aws.sagemaker().delete_endpoint_config(EndpointConfigName=name)
        aws.sagemaker().create_endpoint_config(**request)


def _delete_if_useless(state: EndpointState | None) -> None:
    """Delete an endpoint that serves a run which ended without going live."""
    served = ledger().get(state.run_id) if state and state.run_id else None
    if served and served.status in ENDED - {RunStatus.LIVE}:
        _delete()


def _delete() -> None:
    """Delete the endpoint, unless SageMaker is changing it."""
    state = describe()
    if state is not None and not state.busy:
        aws.sagemaker().delete_endpoint(EndpointName=settings().endpoint_name)
