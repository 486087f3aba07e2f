from pathlib import Path

import pytest

from local.cloud import Running
from retailrec.client.sessions import client, local_session
from retailrec.client.stack import Stack
from tests.integration.command.conftest import PARAMETERS
from tests.integration.command.fake_server import FakeServer, serve

pytestmark = pytest.mark.slow


@pytest.fixture
def cloud(tmp_path: Path) -> Running:
    return Running(
        aws_url="http://127.0.0.1:4566",
        sagemaker_url="http://127.0.0.1:4600",
        state_dir=tmp_path,
        started_at="now",
    )


def test_no_aws_configuration_of_the_user_leads_the_local_clients_astray(
    cloud: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "config"
    configuration.write_text("[default]\nregion = eu-west-3\nendpoint_url = http://192.0.2.1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("AWS_PROFILE", "nope")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    session = local_session(cloud)
    made = {service: client(session, service, cloud) for service in ("s3", "dynamodb", "sagemaker")}
    assert {service: each.meta.endpoint_url for service, each in made.items()} == {
        "s3": cloud.aws_url,
        "dynamodb": cloud.aws_url,
        "sagemaker": cloud.sagemaker_url,
    }
    assert {each.meta.region_name for each in made.values()} == {"us-east-1"}
    credentials = session.get_credentials()
    assert credentials
    assert (credentials.access_key, credentials.secret_key, credentials.token) == (
        cloud.access_key, cloud.secret_key, None,
    )  # fmt: skip


def test_a_local_stack_is_read_past_any_proxy_and_its_api_needs_no_name_resolution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve() as server:
        server.stacks["retailrec"] = (
            {"ApiUrl": "https://abc123.execute-api.us-east-1.amazonaws.com/v1"},
            PARAMETERS,
        )
        server.answer = lambda what, customer, _: (
            200, {"customer_id": customer, "run_id": "r", "source": "batch", "recommendations": []}
        )  # fmt: skip
        stack = Stack.local(
            Running(
                aws_url=server.url,
                sagemaker_url=server.url,
                state_dir=tmp_path,
                started_at="now",
                access_key="test",
                secret_key="test",  # what the server knows
            )
        )
        assert stack.api_url == f"{server.url}/_aws/execute-api/abc123/v1"
        assert stack.api().recommendations("13085", 5).run_id == "r"
    assert server.asked == ["/_aws/execute-api/abc123/v1/customers/13085/recommendations?top_n=5"]


def test_a_runs_configuration_follows_from_the_stacks_parameters(stack: FakeServer) -> None:
    changed = PARAMETERS | {"LearningRate": "0.050", "TopN": "20", "CleaningProfile": "tutorial"}
    outputs, _ = stack.stacks["shop"]
    stack.stacks["shop"] = (outputs, changed)
    configuration = Stack.open("shop").configuration()
    assert configuration["learning_rate"] == "0.05"
    assert configuration["top_n"] == "20"
    assert configuration["cleaning_profile"] == "tutorial"
    stack.stacks["shop"] = (outputs, {"TopN": "many"})
    assert Stack.open("shop").configuration() == {}
