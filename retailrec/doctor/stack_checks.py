"""Checks of the stack: is it complete?"""

from collections.abc import Iterator

from retailrec.client.stack import Stack
from retailrec.doctor.findings import Finding, Verdict, failed, note, ok
from retailrec.doctor.stack_name import check_stack_name
from retailrec.views.stages import failing
from retailrec_shared.core.aws import client_error, says_missing
from retailrec_shared.core.status import IN_PROGRESS

RUNS = 100
OUTPUTS = (
    "ApiUrl", "RawBucket", "UploaderRole", "DataBucket", "LedgerTable", "ServingTable", "EventBus",
    "DeadLetters", "EndpointName",
)  # fmt: skip


def check_formation(stack: Stack) -> Iterator[Finding]:
    """Check the stack's name, its status in CloudFormation, and its outputs."""
    yield from (each for each in check_stack_name(stack.name) if each.verdict is Verdict.FAILED)
    answer = stack.aws("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    status = answer.get("StackStatus", "")
    if status.endswith("_COMPLETE") and "ROLLBACK" not in status and not status.startswith("DELETE"):
        yield ok("stack", f"{stack.name} is {status}.")
    elif status.endswith("_IN_PROGRESS"):
        yield note("stack", f"{stack.name} is {status}: check again when it has ended.")
    else:
        yield failed(
            "stack", f"{stack.name} is {status}: its events in CloudFormation say why; deploy again."
        )
    missing = [name for name in OUTPUTS if name not in stack.outputs]
    if missing:
        yield failed(
            "stack", f"{stack.name} lacks the outputs {', '.join(missing)}: deploy this version's template."
        )


def check_resources(stack: Stack) -> Iterator[Finding]:
    """Check the buckets and tables of the functions."""
    for name in ("RawBucket", "DataBucket"):
        stack.s3().head_bucket(Bucket=stack.output(name))
    for name in ("LedgerTable", "ServingTable"):
        status = stack.dynamodb().describe_table(TableName=stack.output(name))["Table"]["TableStatus"]
        if status != "ACTIVE":
            yield failed("tables", f"{stack.output(name)} is {status}: its console says why.")
    yield ok("buckets and tables", "Both buckets and both tables exist.")


def check_runs(stack: Stack) -> Iterator[Finding]:
    """Check the runs in progress: what fails, and what waits."""
    working = [run for run in stack.ledger().runs(RUNS) if run.status in IN_PROGRESS]
    for run in working:
        for stage, record in run.stages.items():
            if record.failure:
                yield failed("runs", f"Run {run.run_id}, {stage}: {failing(record)}")
            elif record.waiting and not record.ended_at:
                yield note("runs", f"Run {run.run_id}, {stage}, waits: {record.waiting}")
    if not any(record.failure for run in working for record in run.stages.values()):
        yield ok("runs", f"{len(working)} of the newest {RUNS} runs are in progress, and none fails.")


def check_dead_letters(stack: Stack) -> Iterator[Finding]:
    """Count the events in the dead-letter queues."""
    answer = stack.aws("sqs").get_queue_attributes(
        QueueUrl=stack.output("DeadLetters"), AttributeNames=["ApproximateNumberOfMessages"]
    )
    waiting = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    if waiting:
        yield failed(
            "dead letters",
            f"{waiting} events could not be handled: read why (retailrec logs), fix it, and send them "
            "back (retailrec redrive).",
        )
    else:
        yield ok("dead letters", "The dead-letter queues are empty.")


def check_endpoint(stack: Stack) -> Iterator[Finding]:
    """Check the endpoint."""
    name = stack.output("EndpointName")
    try:
        answer = stack.sagemaker().describe_endpoint(EndpointName=name)
    except client_error() as error:
        if not says_missing(error):
            raise
        yield note("endpoint", f"There is no endpoint {name}: the first run that goes live creates it.")
        return
    if answer["EndpointStatus"] == "Failed":
        why = answer.get("FailureReason", "SageMaker gives no reason").rstrip(".")
        yield failed(
            "endpoint",
            f"{name} is Failed ({why}): the next run creates it again; retailrec runs lists the runs.",
        )
    else:
        yield ok("endpoint", f"{name} is {answer['EndpointStatus']}.")
