"""Sending dead letters back: each to the function or the bus that it came from."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec.client.stack import Stack

BATCH = 10
SECONDS_TO_HANDLE = 60


class Queue(NamedTuple):
    """A dead-letter queue of the stack, and how many messages wait in it."""

    name: str
    url: str
    messages: int


@dataclass
class Redrive:
    """What became of a queue's messages: how many went where, how many stay, and why."""

    queue: str
    sent: Counter[str] = field(default_factory=Counter)
    left: int = 0
    problems: list[str] = field(default_factory=list)


class Origin(NamedTuple):
    """Where a dead letter came from, and what to send there: a function's event, or a bus's."""

    kind: str
    name: str
    payload: Any


def queues(stack: Stack) -> list[Queue]:
    """List the stack's queues; all of them hold dead letters."""
    pages = stack.aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack.name)
    urls = [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::SQS::Queue"
    ]
    return [Queue(url.rsplit("/", 1)[-1], url, _waiting(stack, url)) for url in urls]


def _waiting(stack: Stack, url: str) -> int:
    wanted = ["ApproximateNumberOfMessages"]
    found = stack.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return int(found[wanted[0]])


def origin(body: Any, attributes: Mapping[str, str]) -> Origin | None:
    """Read from a dead letter where it came from; ``None`` when it does not tell.

    A function that gave up leaves an envelope around its event. EventBridge leaves
    the event itself, with the rule's and the target's ARN in the message's attributes.
    """
    target = attributes.get("TARGET_ARN", "")
    if isinstance(body, dict) and "requestPayload" in body:
        arn = str(body.get("requestContext", {}).get("functionArn", ""))
        return Origin("function", _function(arn), body["requestPayload"]) if ":function:" in arn else None
    if ":function:" in target:
        return Origin("function", _function(target), body)
    if (
        isinstance(body, dict)
        and {"source", "detail-type", "detail"} <= set(body)
        and "RULE_ARN" in attributes
    ):
        return Origin("bus", _bus(attributes["RULE_ARN"]), body)
    return None


def _function(arn: str) -> str:
    return arn.split(":function:", 1)[1].split(":", 1)[0]


def _bus(rule_arn: str) -> str:
    """Read the bus out of ``…:rule/BUS/RULE``, or ``…:rule/RULE`` for the default one."""
    parts = rule_arn.split(":rule/", 1)[-1].split("/")
    return parts[0] if len(parts) > 1 else "default"


def redrive(stack: Stack, queue: Queue) -> Redrive:
    """Send a queue's messages back; a message leaves the queue only after it was taken there.

    No more than there were at first, so that what fails again at once is not sent in a circle.
    Should the same message be sent twice, its function finds nothing to do.
    """
    result, sqs, handled = Redrive(queue.name), stack.aws("sqs"), 0
    while handled < queue.messages:
        messages = sqs.receive_message(
            QueueUrl=queue.url, MaxNumberOfMessages=BATCH, MessageAttributeNames=["All"],
            VisibilityTimeout=SECONDS_TO_HANDLE, WaitTimeSeconds=1,
        ).get("Messages", [])  # fmt: skip
        if not messages:
            break
        for message in messages:
            handled += 1
            if _send_back(stack, message, result):
                sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    return result


def _send_back(stack: Stack, message: Mapping[str, Any], result: Redrive) -> bool:
    attributes = {
        name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
    }
    found = origin(_read(message["Body"]), attributes)
    try:
        problem = _send(stack, found) if found else "it does not tell where it came from"
    except ClientError as error:
        problem = error.response.get("Error", {}).get("Message", str(error))
    if problem or found is None:
        result.left += 1
        result.problems.append(f"Message {message['MessageId']} stays in {result.queue}: {problem}.")
        return False
    result.sent[found.name] += 1
    return True


def _send(stack: Stack, found: Origin) -> str | None:
    """Send a letter to its origin; return what stood against it."""
    if found.kind == "function":
        if not found.name.startswith(f"{stack.name}-"):
            return f"{found.name} is no function of this stack"
        payload = json.dumps(found.payload).encode()
        stack.aws("lambda").invoke(FunctionName=found.name, InvocationType="Event", Payload=payload)
        return None
    event = found.payload
    entry = {
        "Source": event["source"], "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]), "EventBusName": found.name,
    }  # fmt: skip
    answer = stack.aws("events").put_events(Entries=[entry])
    return str(answer["Entries"][0].get("ErrorMessage")) if answer["FailedEntryCount"] else None


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body
