"""Reads from a deployed stack its functions' environment and credentials, and its last run."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from local.cloud.state import Running
from local.cloud.workers import worker_key
from local.containers import network
from local.samlocal.values import Values
from retailrec_shared.core import names
from retailrec_shared.ledger.ledger import Ledger

if TYPE_CHECKING:
    import boto3

_ACCOUNT = "000000000000"


def variables(
    session: "boto3.Session", state: Running, functions: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return each function's variables, by logical id: those of its deployment, and the way to the cloud."""
    client = _client(session, state, "lambda")
    reachable = network.urls(state)
    made = {}
    for logical_id, name in functions.items():
        configuration = client.get_function_configuration(FunctionName=name)
        # The emulator learns of a worker's credentials when it starts one. What the
        # function says of an empty event does not matter: it changes nothing.
        client.invoke(FunctionName=name, Payload=b"{}")
        made[logical_id] = {
            **configuration["Environment"]["Variables"],
            **worker_key(configuration, state.secret_key).environment(),
            **reachable,
            "POWERTOOLS_TRACE_DISABLED": "true",  # no X-Ray daemon here
        }
    return made


def values(session: "boto3.Session", state: Running) -> Values:
    """Return what this stack's events name: its newest run or, without one, an example."""
    found = _client(session, state, "cloudformation").describe_stacks(StackName=state.stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    of_stack = Values(
        stack=state.stack,
        account=_ACCOUNT,
        region=state.region,
        raw_bucket=outputs["RawBucket"],
        data_bucket=outputs["DataBucket"],
    )
    ledger = Ledger(outputs["LedgerTable"], _client(session, state, "dynamodb"))
    live = ledger.pointer("live")
    if live:
        of_stack = replace(of_stack, items=_most_bought(session, state, of_stack.data_bucket, live))
    newest = next(iter(ledger.runs()), None)
    if newest is None:
        return of_stack
    return of_run(of_stack, newest.run_id, newest.upload.key, newest.upload.etag, newest.upload.version_id)


def of_run(values: Values, run_id: str, key: str, etag: str, version_id: str | None) -> Values:
    """Return the values with another run."""
    # Named only where the cloud's own events name it: the emulator answers a range of a version with the
    # whole object, and a large file, which is read by ranges, would come garbled.
    return replace(values, run_id=run_id, key=key, etag=etag, version_id=version_id or "")


def _most_bought(session: "boto3.Session", state: Running, bucket: str, run_id: str) -> tuple[str, ...]:
    """Find items that the API knows of a run, as many as examples name where there are as many."""
    key = names.run_key(run_id, names.CATALOGUE_JSONL)
    packed = _client(session, state, "s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    items = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    items.sort(key=lambda item: (-item["customers"], item["item_id"]))
    return tuple(item["item_id"] for item in items[: len(Values.items)])


def _client(session: "boto3.Session", state: Running, service: str) -> Any:
    direct = Config(proxies={}, read_timeout=90)
    return session.client(service, endpoint_url=state.aws_url, config=direct)  # type: ignore[call-overload]
