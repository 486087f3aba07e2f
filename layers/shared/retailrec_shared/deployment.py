"""The stack's one endpoint: what it serves, and bringing the newest wish onto it.

SageMaker refuses to update an endpoint that is updating. So a run's wish to
serve is kept in the ledger (``wish``, the newest upload wins), and applied now or,
when the endpoint is busy, on its next "InService".
"""

from typing import NamedTuple

from botocore.exceptions import ClientError

from retailrec_shared import aws, names, sagemaker_requests
from retailrec_shared.errors import NotYet
from retailrec_shared.failure import fail_run
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage


class EndpointState(NamedTuple):
    """What DescribeEndpoint said: the status, the run of the current config, and a failure's reason."""

    status: str
    run_id: str | None
    failure: str | None

    @property
    def in_service(self) -> bool:
        """Tell whether the endpoint answers and may be updated."""
        return self.status == "InService"

    @property
    def busy(self) -> bool:
        """Tell whether SageMaker is changing the endpoint and would refuse another change."""
        return self.status not in {"InService", "Failed", "OutOfService"}


def describe() -> EndpointState | None:
    """Ask SageMaker for the endpoint's present state; ``None`` when there is no endpoint."""
    try:
        answer = aws.sagemaker().describe_endpoint(EndpointName=settings().endpoint_name)
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise
    config = answer.get("EndpointConfigName", "")
    run_id = names.run_of_resource(settings().resource_prefix, config)
    return EndpointState(answer["EndpointStatus"], run_id, answer.get("FailureReason"))


def deploy_wish() -> None:
    """Bring the newest wish onto the endpoint; do nothing when it serves there already.

    Raises NotYet while the endpoint is busy or the quota allows none.
    """
    # The ledger is read before the endpoint: an update noted there and an endpoint
    # that is at rest with another run afterwards mean that SageMaker rolled back.
    wish = ledger().pointer("wish")
    run = ledger().get(wish) if wish else None
    if run is None or run.status is not RunStatus.APPROVED or run.ended(Stage.DEPLOY):
        return
    state = describe()
    if state is None:
        _create(run)
    elif state.busy:
        raise NotYet(f"The endpoint is {state.status}.")
    elif state.run_id != run.run_id or not state.in_service:
        _replace(run, state)


def _replace(run: Run, state: EndpointState) -> None:
    if run.started(Stage.DEPLOY):
        fail_run(
            run.run_id, Stage.DEPLOY, state.failure or "SageMaker put the endpoint back to its old model."
        )
    if not state.in_service:
        # An endpoint whose creation failed can only be deleted; the next look creates it anew.
        aws.sagemaker().delete_endpoint(EndpointName=settings().endpoint_name)
        if not run.started(Stage.DEPLOY):
            raise NotYet("A failed endpoint is being deleted.")
    elif not run.started(Stage.DEPLOY):
        _update(run)


def _create(run: Run) -> None:
    _create_config(run)
    with aws.parked_when_over_quota():
        try:
            aws.sagemaker().create_endpoint(**sagemaker_requests.endpoint(settings(), run.run_id))
        except ClientError as error:
            if aws.says_exists(error):
                raise NotYet("The endpoint is being created.") from error
            raise
    ledger().start_stage(run.run_id, Stage.DEPLOY)


def _update(run: Run) -> None:
    _create_config(run)
    with aws.parked_when_over_quota():
        try:
            aws.sagemaker().update_endpoint(
                EndpointName=settings().endpoint_name,
                EndpointConfigName=names.resource_name(settings().resource_prefix, run.run_id),
            )
        except ClientError as error:
            if "in-progress" in aws.error_message(error):
                raise NotYet("The endpoint began another update.") from error
            raise
    ledger().start_stage(run.run_id, Stage.DEPLOY)


def _create_config(run: Run) -> None:
    try:
        aws.sagemaker().create_endpoint_config(**sagemaker_requests.endpoint_config(settings(), run.run_id))
    except ClientError as error:
        if not aws.says_exists(error):
            raise
        logger.info("endpoint config exists already", run_id=run.run_id)
