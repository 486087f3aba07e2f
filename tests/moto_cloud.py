"""AWS in moto for tests: each begins with nothing in it, and what costs the most is made once.

Moto itself is reset around each test, which takes 5 ms. A client takes 15 ms, and reading its service's model
100 ms, which boto3 does once a session: so models and clients are kept for as long as the process lives.
"""

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from botocore import loaders
from botocore.config import Config
from moto import mock_aws

from tests import tables
from tests.environment import read_template
from tests.policies.calls import threads_keep_their_function

Client = Any
_make: Callable[..., Client] = boto3.client
_make_of_session: Callable[..., Client] = boto3.Session.client
_kept: dict[Hashable, Client] = {}


@contextmanager
def moto_cloud() -> Iterator[tables.Tables]:
    """Put an empty AWS in place of the real one; credentials and region are the environment's."""
    assert boto3.client is _make, "an earlier test replaced boto3.client, and did not put it back"
    assert boto3.Session.client is _make_of_session, "likewise boto3.Session.client"
    models = _models()
    searched = len(models.search_paths)
    held = tables.begin()
    with (
        patch("botocore.session.create_loader", lambda _path: models),
        patch("boto3.client", _client),
        patch.object(boto3.Session, "client", _client_of_session),
        threads_keep_their_function(),
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


def _client(service: str, config: Config | None = None) -> Client:
    """Do as ``boto3.client``; nothing else can be asked for here."""
    return _keep((service, _options(config), _environment(service)), lambda: _make(service, config=config))


def _client_of_session(session: boto3.Session, service: str, **asked: Any) -> Client:
    """Do as ``boto3.Session.client``: all sessions with the same keys have one client."""
    held = session.get_credentials()
    keys = held.get_frozen_credentials() if held else None
    others = sorted((name, repr(value)) for name, value in asked.items() if name != "config")
    options = _options(asked.get("config"))
    key = (service, keys, session.region_name, tuple(others), options, _environment(service))
    return _keep(key, lambda: _make_of_session(session, service, **asked))


def _options(config: Config | None) -> str:
    return repr(sorted(vars(config).items())) if config else ""


def _environment(service: str) -> tuple[tuple[str, str], ...]:
    """What of the environment a client is made by."""
    endpoint = "AWS_ENDPOINT_URL"
    mine = f"{endpoint}_{service.upper().replace('-', '_')}"
    found = [(name, value) for name, value in os.environ.items() if name.startswith("AWS_")]
    return tuple(sorted(each for each in found if each[0] == mine or not each[0].startswith(f"{endpoint}_")))


def _keep(key: Hashable, make: Callable[[], Client]) -> Client:
    """Return the client that was made so before; one whose events somebody listens to serves nobody else."""
    if key in _kept:
        return _kept[key]
    client = make()
    for register in ("register", "register_first", "register_last"):
        _spoil_by(client.meta.events, register, key)
    return _kept.setdefault(key, client)


def _spoil_by(events: Any, name: str, key: Hashable) -> None:
    register = getattr(events, name)

    def spoil(*arguments: Any, **more: Any) -> None:
        _kept.pop(key, None)
        register(*arguments, **more)

    setattr(events, name, spoil)


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
