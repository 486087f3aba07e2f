"""Redriving dead letters: each goes back to the function or the bus that it came from."""

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
    """A dead-letter queue of the stack, and the number of messages in it."""

    name: str
    url: str
    messages: int


@dataclass
class Redrive:
    """The result of a redrive: how many messages were sent where, how many are left, and why."""

    queue: str
    sent: Counter[str] = field(default_factory=Counter)
    left: int = 0
    problems: list[str] = field(default_factory=list)


class Origin(NamedTuple):
    """The origin of a dead letter, a function or a bus, and the event to send there."""

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
    """Read a dead letter's origin; ``None`` when it is not recorded.

    After its last attempt a function wraps its event in an envelope. EventBridge sends the event itself,
    with the rule's and the target's ARN in the message's attributes.
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
    """Return the bus in ``…:rule/BUS/RULE``; ``…:rule/RULE`` is of the default bus."""
    parts = rule_arn.split(":rule/", 1)[-1].split("/")
    return parts[0] if len(parts) > 1 else "default"


def redrive(stack: Stack, queue: Queue) -> Redrive:
    """Send a queue's messages back; a message is deleted only after its target has accepted it.

    Sends at most as many as there were at first, so that a message that fails again does not loop.
    A message that is sent twice does no harm: the functions are idempotent.
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
        problem = _send(stack, found) if found else "its origin is not recorded"
    except ClientError as error:
        problem = error.response.get("Error", {}).get("Message", str(error))
    if problem or found is None:
        result.left += 1
        result.problems.append(f"Message {message['MessageId']} stays in {result.queue}: {problem}.")
        return False
    result.sent[found.name] += 1
    return True


def _send(stack: Stack, found: Origin) -> str | None:
    """Send a letter to its origin; return the problem if that fails."""
    if found.kind == "function":
        if not found.name.startswith(f"{stack.name}-"):
            return f"{found.name} is not a function of this stack"
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
