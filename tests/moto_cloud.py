"""AWS in moto for tests: each begins with nothing in it, and what costs the most is made once.

Moto itself is reset around each test, which takes 5 ms. A client takes 15 ms, and reading its service's model
100 ms, which boto3 does once a session: so models and the clients of ``boto3.client`` are kept for as long as
the process lives.
"""

import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NoReturn
from unittest.mock import patch

import boto3
from botocore import loaders
from botocore.config import Config
from moto import mock_aws

from tests import tables
from tests.environment import read_template

_make: Any = boto3.client
_clients: dict[Hashable, Any] = {}


@contextmanager
def moto_cloud() -> Iterator[tables.Tables]:
    """Put an empty AWS in place of the real one; credentials and region are the environment's."""
    models = _models()
    searched = len(models.search_paths)
    held = tables.begin()
    with (
        patch("botocore.session.create_loader", lambda _path: models),
        patch("boto3.client", _client),
        mock_aws(config={"core": {"mock_credentials": False}}),
    ):
        try:
            yield held
        finally:
            tables.end()
    del models.search_paths[searched:]  # to which every session adds boto3's own


@cache
def _models() -> loaders.Loader:
    return loaders.create_loader()


def _client(service: str, config: Config | None = None) -> Any:
    """Return the client of such an environment and configuration; nothing else can be asked for here."""
    environment = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    key = (service, repr(vars(config)) if config else "", tuple(environment))
    if key not in _clients:
        _clients[key] = _make(service, config=config)
        _clients[key].meta.events.register = _refuse
    return _clients[key]


def _refuse(*_arguments: object, **_more: object) -> NoReturn:
    raise AssertionError("Other tests use this client too: register with a client of boto3.Session().")


def create_buckets() -> None:
    """Create the stack's two buckets; the raw one keeps versions."""
    s3 = boto3.client("s3")
    for bucket in ("raw", "data"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})


def create_table(held: tables.Tables, name: str, logical_id: str) -> None:
    """Create a table; where moto answers, as the template defines it."""
    held.create(name)
    if held.checked:
        properties = read_template()["Resources"][logical_id]["Properties"]
        wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        boto3.client("dynamodb").create_table(
            TableName=name, **{field: properties[field] for field in wanted if field in properties}
        )
