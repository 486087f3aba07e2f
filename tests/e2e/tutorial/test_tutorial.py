"""The published tutorial's own calls run against the local cloud as they do against AWS."""

import csv
import json
import os
import random
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local.sagemaker.models.marketplace import published_arn
from retailrec.cli.verbs import app
from retailrec.client.sessions import client, local_session
from retailrec.client.stack import Stack
from tests import needs

PROGRAM = Path(__file__).with_name("program.py")
SECONDS = 600
BUCKET = "sagemaker-us-east-1-tutorial"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
# What AmazonSageMakerFullAccess, the tutorial's policy, has of use to its jobs.
ALLOWED = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:*", "cloudwatch:PutMetricData"],
    "Resource": "*",
}
# Each customer buys of one department only, so the model's answers can be foreseen.
CUSTOMERS, DEPARTMENTS, ITEMS, BOUGHT = range(13085, 13685), 3, 20, 12
CUSTOMER = 13085

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 60)]


@dataclass(frozen=True)
class Notebook:
    """What the program got, by its part, and what it printed."""

    folder: Path
    bought: set[int]
    printed: str

    def got(self, part: str) -> Any:
        return json.loads((self.folder / f"{part}.json").read_text())


def department(customer: int) -> range:
    """Return the items of a customer's department."""
    first = 20000 + 1000 * (customer % DEPARTMENTS)
    return range(first, first + ITEMS)


def write_channels(folder: Path) -> set[int]:
    """Write the shop's rows as the tutorial splits them; return what the customer bought for training."""
    chance = random.Random(41)  # noqa: S311 (no secret)
    rows = [
        (customer, item) for customer in CUSTOMERS for item in chance.sample(department(customer), BOUGHT)
    ]
    chance.shuffle(rows)
    share = len(rows) * 7 // 10
    for name, part in (("training", rows[:share]), ("testing", rows[share:])):
        (folder / name).mkdir()
        with (folder / name / f"cleaned_online_retail_{name}_data.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("user_id", "item_id"), *part])
    return {item for customer, item in rows[:share] if customer == CUSTOMER}


def environment(home: Path) -> Mapping[str, str]:
    """Return the environment of a shell that evaluated `retailrec keys`, of a user without configuration."""
    printed = CliRunner().invoke(app, ["keys"]).stdout
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        **dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE)),
        "HOME": str(home),
        "NO_PROXY": "*",
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
    }


@pytest.fixture(scope="module")
def notebook(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    python = needs.sdk_python()
    assert stack.cloud
    session = local_session(stack.cloud)
    client(session, "s3", stack.cloud).create_bucket(Bucket=BUCKET)
    iam = client(session, "iam", stack.cloud)
    document = {"Version": "2012-10-17", "Statement": [TRUST]}
    role = iam.create_role(RoleName="tutorial", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
    iam.put_role_policy(RoleName="tutorial", PolicyName="tutorial", PolicyDocument=policy)
    folder = tmp_path_factory.mktemp("tutorial")
    bought = write_channels(folder)
    arguments = [str(folder), published_arn(stack.cloud.region), role, BUCKET]
    ended = subprocess.run(
        [str(python), str(PROGRAM), *arguments],
        env=environment(folder), capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-4000:]
    return Notebook(folder, bought, ended.stdout)


@pytest.mark.parametrize("part", ["published", "boto3", "own-image"])
def test_real_time_and_batch_recommend_the_same_ten_items(notebook: Notebook, part: str) -> None:
    got = notebook.got(part)
    answer = [(str(each["user_id"]), str(each["item_id"])) for each in got["known"]]
    scores = [each["score"] for each in got["known"]]
    items = {int(item) for _, item in answer}
    assert {user for user, _ in answer} == {str(CUSTOMER)}
    assert len(items) == len(answer) == 10
    assert scores == sorted(scores, reverse=True)
    assert not items & notebook.bought
    assert len(items & set(department(CUSTOMER))) >= 5, "of the twelve or so that are left of the department"
    batch = [each for each in got["batch"] if str(each["user_id"]) == str(CUSTOMER)]
    assert [(str(each["user_id"]), str(each["item_id"])) for each in batch] == answer
    assert [each["score"] for each in batch] == pytest.approx(scores)
    assert len(batch) == len(got["batch"]), "an unknown customer has no line"


def test_the_precision_is_plotted_from_cloudwatch(notebook: Notebook) -> None:
    (precision,) = notebook.got("published")["metric"]
    assert 0 < precision <= 1
    (described,) = notebook.got("boto3")["metric"]
    assert 0 < described <= 1


def test_a_training_jobs_log_is_followed_and_so_is_a_transform_jobs(notebook: Notebook) -> None:
    assert "Training - Training image download completed" in notebook.printed
    assert "fitting evaluated: implicit-bpr" in notebook.printed
    assert "Billable seconds:" in notebook.printed
    assert f"serving {len(CUSTOMERS)} users" in notebook.printed


def test_what_was_created_is_described_as_it_was_asked_for(notebook: Notebook) -> None:
    got = notebook.got("boto3")
    assert got["job"] == {
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "HyperParameters": {
            "factors": "16", "iterations": "20", "learning_rate": "0.05", "regularization": "0.01",
        },
    }  # fmt: skip
    assert got["tags"] == [{"Key": "shop", "Value": "online-retail"}]
    assert got["transform"] == "Completed"
    assert got["unknown"] == notebook.got("own-image")["unknown"] == []
    artifact = notebook.got("own-image")["artifact"]
    assert re.fullmatch(rf"s3://{BUCKET}/own/output/own-image-[\d-]+/output/model.tar.gz", artifact)


def test_no_other_machine_was_asked(notebook: Notebook) -> None:
    assert notebook.got("outside") == []
