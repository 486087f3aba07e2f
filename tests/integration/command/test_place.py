"""The region and the profile: of the options, of the environment, of the profile, for every verb."""

import threading
from pathlib import Path

import pytest
import typer.main

from retailrec.cli.verbs import app
from retailrec.client.place import Place, choose, chosen
from retailrec.client.sessions import aws_session, region_of_sam
from retailrec.client.stack import Stack
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_server import FakeServer

CONFIG = """
[default]
region = eu-north-1

[profile shop]
region = eu-west-3
aws_access_key_id = AKIAOFTHESHOP
aws_secret_access_key = secret

[profile signed-in]
region = eu-west-3
sso_start_url = https://shop.awsapps.com/start
sso_region = eu-west-3
sso_account_id = 123456789012
sso_role_name = Deployer

[profile half]
region = eu-west-3
aws_access_key_id = AKIAOFHALF

[profile empty]
region = eu-west-3
"""


@pytest.fixture(autouse=True)
def configuration(stack: FakeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))  # of the cached sign-ins


def region_of(retailrec: Invoke, *options: str) -> str:
    answer = retailrec("runs", "--stack", "nope", *options)
    said = words(answer.stderr)
    assert "There is no stack 'nope' in" in said, said
    return said.split(" in ")[1].split(":")[0]


def test_the_region_is_chosen_in_the_order_of_awss_own_tools(
    retailrec: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert region_of(retailrec) == "eu-north-1", "of the default profile"
    assert region_of(retailrec, "--profile", "shop") == "eu-west-3", "of the named profile"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    assert region_of(retailrec) == "us-east-2"
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert region_of(retailrec) == "ap-south-1", "AWS_REGION is read, and before AWS_DEFAULT_REGION"
    assert region_of(retailrec, "--profile", "shop") == "ap-south-1"
    assert region_of(retailrec, "--region", "sa-east-1") == "sa-east-1"
    monkeypatch.setenv("AWS_REGION", "")
    assert region_of(retailrec) == "us-east-2", "an empty variable is none"
    assert not chosen(), "what one command names holds for that command"


def test_the_sam_cli_is_known_to_read_no_aws_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    assert region_of_sam(Place()) == "eu-north-1"
    assert region_of_sam(Place(profile="shop")) == "eu-west-3"
    assert region_of_sam(Place("sa-east-1")) == "sa-east-1"


def test_requests_are_signed_with_the_keys_of_the_named_profile(
    retailrec: Invoke, stack: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    retailrec("runs", "--stack", "nope", "--profile", "shop", "--region", "sa-east-1")
    key, _, region, *_ = stack.signed[-1].split("/")
    assert (key, region) == ("AKIAOFTHESHOP", "sa-east-1"), "and not with those of the environment"
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_PROFILE", "shop")
    retailrec("runs", "--stack", "nope")
    assert stack.signed[-1].startswith("AKIAOFTHESHOP/")


def test_every_verb_that_takes_a_stack_takes_a_region_and_a_profile() -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {name: {each.name for each in verb.params} for name, verb in verbs.items()}
    assert len([name for name, taken in options.items() if "stack" in taken]) >= 17
    for name, taken in options.items():
        if "stack" in taken or name == "push-image":
            assert {"region", "profile"} <= taken, name


def test_the_choice_holds_in_the_threads_of_the_console_and_can_be_made_in_python(stack: FakeServer) -> None:
    found: list[str] = []
    choose(Place("sa-east-1", "shop"))
    try:
        thread = threading.Thread(target=lambda: found.append(aws_session().region_name))
        thread.start()
        thread.join()
    finally:
        choose(Place())
    assert found == ["sa-east-1"]
    opened = Stack.open("shop", region="eu-central-1", profile="shop")
    assert opened.session.region_name == opened.s3().meta.region_name == "eu-central-1"
    assert stack.signed[-1].startswith("AKIAOFTHESHOP/")
    assert Stack.open("shop", profile="shop").session.region_name == "eu-west-3"


def test_the_local_cloud_has_no_region_to_choose(retailrec: Invoke) -> None:
    answer = retailrec("runs", "--region", "sa-east-1")
    assert answer.exit_code == 1
    assert "name the stack with --stack NAME" in words(answer.stderr)


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        ("nope", "There is no AWS profile 'nope': `aws configure list-profiles` lists those"),
        ("signed-in", "of the profile signed-in has expired, or was not made: run `aws sso login --profile"),
        ("half", "The AWS credentials of the profile half are not complete"),
        ("empty", "No AWS credentials were found in the profile empty: run `aws configure --profile empty`"),
    ],
)
def test_what_is_wrong_with_a_profile_is_a_sentence(retailrec: Invoke, profile: str, sentence: str) -> None:
    answer = retailrec("runs", "--stack", "shop", "--profile", profile)
    assert answer.exit_code == 1
    assert sentence in words(answer.stderr)


def test_a_region_that_is_none_is_a_sentence(retailrec: Invoke) -> None:
    answer = retailrec("runs", "--stack", "shop", "--region", "somewhere/else")
    assert answer.exit_code == 1
    assert "'somewhere/else' is not the name of an AWS region" in words(answer.stderr)
