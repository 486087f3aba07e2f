"""The doctor checks everything, says what to fix in sentences, and exits with 1 if anything is wrong."""

import json
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from local.sagemaker.models import marketplace
from retailrec.client.stack import Stack
from retailrec.doctor.quota_checks import SERVERLESS
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.stage_work import StageWork
from tests.fake_quotas import NEEDED, FakeQuotas
from tests.fakes import FakeSageMaker, published_algorithm, refusal
from tests.integration.command.conftest import PARAMETERS, Invoke, words
from tests.integration.command.fake_server import FakeServer
from tests.unit.command.runs import make_run

ARN = marketplace.published_arn("us-east-1")


class Account:
    """A stack that is whole, and what a test may break of it."""

    def __init__(self, server: FakeServer) -> None:
        self.quotas, self.sagemaker = FakeQuotas(), FakeSageMaker()
        self.sagemaker.algorithms[ARN] = published_algorithm()
        boto3.client("dynamodb").create_table(
            TableName="serving", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )  # fmt: skip
        self.queue = boto3.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
        self.ecr: Any = boto3.client("ecr")
        self.ecr.create_repository(repositoryName="retailrec-algorithm", registryId="123456789012")
        self.push("1")
        outputs, _ = server.stacks["shop"]
        self.outputs = {
            **outputs, "ServingTable": "serving", "DeadLetters": self.queue, "UploaderRole": "arn:role",
        }  # fmt: skip
        self._server = server
        self.deploy()

    def push(self, tag: str) -> None:
        manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{'0' * 64}"}, "layers": []})
        self.ecr.put_image(
            repositoryName="retailrec-algorithm",
            imageManifest=manifest,
            imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
            imageTag=tag,
        )

    def deploy(self, **parameters: str) -> None:
        self._server.stacks["shop"] = (self.outputs, {**PARAMETERS, **parameters})


@pytest.fixture
def account(stack: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account(stack)
    real = Stack._client
    fakes = {"service-quotas": made.quotas, "sagemaker": made.sagemaker}
    monkeypatch.setattr(Stack, "_client", lambda self, service: fakes.get(service) or real(self, service))
    return made


def test_a_stack_that_is_whole_needs_nothing(account: Account, retailrec: Invoke) -> None:
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 0, answer.output
    assert "Nothing to fix." in answer.output
    found = json.loads(retailrec("doctor", "--stack", "shop", "--json").stdout)
    assert {each["verdict"] for each in found} == {"ok", "note"}
    assert {each["what"] for each in found} >= {"credentials", "stack", "algorithm", "quotas", "dead letters"}


def test_an_image_that_is_not_there_is_to_be_pushed(account: Account, retailrec: Invoke) -> None:
    account.deploy(AlgorithmImageUri="123456789012.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:2")
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "retailrec push-image" in words(answer.output)


def test_quotas_of_zero_are_reported(account: Account, retailrec: Invoke) -> None:
    account.quotas.values["ml.m5.xlarge for training job usage"] = 0.0
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "'ml.m5.xlarge for training job usage' is 0, and a run needs 1" in words(answer.output)


def test_an_instance_type_without_a_quota_is_reported(account: Account, retailrec: Invoke) -> None:
    account.deploy(TrainingInstanceType="ml.nothing.large")
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "no quota called 'ml.nothing.large for training job usage'" in words(answer.output)


def test_a_quota_that_has_only_a_default_value_is_found(account: Account, retailrec: Invoke) -> None:
    account.quotas.defaults = {name: account.quotas.values.pop(name) for name in NEEDED}
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 0, words(answer.output)
    account.quotas.defaults[NEEDED[0]] = 0.0
    answer = retailrec("doctor", "--stack", "shop")
    assert "'ml.m5.xlarge for training job usage' is 0, and a run needs 1" in words(answer.output)
    account.quotas.refuses_defaults = True
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 0, "what is not known is no failure"
    assert "you may not list the default values" in words(answer.output)


def test_an_endpoint_that_could_not_be_updated_is_reported(account: Account, retailrec: Invoke) -> None:
    account.quotas.values |= {SERVERLESS: 8.0, "ml.m5.large for endpoint usage": 1.0}
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "is 8, and a run needs 10" in words(answer.output)
    account.deploy(EndpointMode="instance")
    answer = retailrec("doctor", "--stack", "shop")
    assert "'ml.m5.large for endpoint usage' is 1, and a run needs 2" in words(answer.output)


def test_a_marketplace_stack_is_checked_against_its_algorithm(account: Account, retailrec: Invoke) -> None:
    account.deploy(AlgorithmArn=ARN, AlgorithmImageUri="")
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 0, answer.output
    assert "paid by the hour" in words(answer.output)
    account.deploy(AlgorithmArn=ARN, AlgorithmImageUri="", Factors="9999")
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "Factors is 9999" in words(answer.output)


def test_another_algorithm_can_be_tried_before_it_is_deployed(account: Account, retailrec: Invoke) -> None:
    account.sagemaker.problems["describe_algorithm"] = refusal(
        "ValidationException", "Caller is not subscribed to the marketplace offering."
    )
    answer = retailrec("doctor", "--stack", "shop", "--algorithm-arn", ARN)
    assert answer.exit_code == 1
    assert "not subscribed to the algorithm" in words(answer.output)


def test_a_run_whose_step_fails_is_reported(account: Account, retailrec: Invoke) -> None:
    run = make_run("a" * 16, RunStatus.PREPARED)
    Ledger("ledger", boto3.client("dynamodb")).open_run(run)
    StageWork("ledger", boto3.client("dynamodb")).count_failure(run.run_id, Stage.TRAIN, "AWS refused it.")
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "train: Failed once, and is tried again, 6 times in all. AWS refused it." in words(answer.output)


def test_dead_letters_and_a_failed_endpoint_are_reported(account: Account, retailrec: Invoke) -> None:
    boto3.client("sqs").send_message(QueueUrl=account.queue, MessageBody="lost")
    account.sagemaker.endpoint = {"EndpointStatus": "Failed", "FailureReason": "No capacity."}
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "1 events could not be handled" in words(answer.output)
    assert "Failed (No capacity)" in words(answer.output)
    assert "To fix: 2." in answer.output


def test_a_missing_output_is_reported_and_the_rest_is_checked(account: Account, retailrec: Invoke) -> None:
    del account.outputs["EventBus"], account.outputs["ServingTable"]
    account.deploy()
    answer = retailrec("doctor", "--stack", "shop")
    assert answer.exit_code == 1
    assert "lacks the outputs ServingTable, EventBus" in words(answer.output)
    assert "dead-letter queues are empty" in words(answer.output)


def test_a_missing_stack_is_reported(account: Account, retailrec: Invoke) -> None:
    answer = retailrec("doctor", "--stack", "nowhere")
    assert answer.exit_code == 1
    assert "There is no stack 'nowhere'" in answer.stderr


def test_without_credentials_the_first_step_is_named(account: Account, retailrec: Invoke) -> None:
    # Not by monkeypatch, which undoes its changes after moto's are undone: it would bring moto's client back.
    with patch.object(boto3.Session, "client", side_effect=NoCredentialsError):
        answer = retailrec("doctor", "--algorithm-arn", ARN)
    assert answer.exit_code == 1
    assert "No AWS credentials were found" in words(answer.output)
    assert "algorithm" not in words(answer.output), "what needs credentials is not asked in vain"
