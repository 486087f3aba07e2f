"""`retailrec doctor --before-deploy`, on an account that a test sets up."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from retailrec.cli.verbs import app
from retailrec.client.place import Place
from retailrec.client.problems import Problem
from retailrec.doctor.deployment import before, command
from retailrec.doctor.deployment.plan import Plan, read_plan
from retailrec.doctor.findings import Finding, Verdict
from retailrec.doctor.stack_name import check_stack_name
from tests.fake_account import ACCOUNT, DOCKER, FakeAccount, refuse
from tests.fake_quotas import NEEDED

IMAGE = f"AlgorithmImageUri={ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/retailrec-algorithm:1"
DENIED = refuse("AccessDeniedException", "not authorized", 403)
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/me"


def plan(*given: str, stack: str = "shop", samconfig: str = "version = 0.1\n[default]\n") -> Plan:
    path = Path("samconfig-of-a-test.toml")
    return read_plan(stack, "default", given, _Text(samconfig, path))  # type: ignore[arg-type]


class _Text:
    """A file that is only text: what a plan reads of samconfig.toml."""

    def __init__(self, text: str, path: Path) -> None:
        self._text, self._path = text, path

    def exists(self) -> bool:
        return True

    def read_text(self, encoding: str) -> str:
        assert encoding == "utf-8"
        return self._text

    def __str__(self) -> str:
        return str(self._path)


def examine(account: FakeAccount, planned: Plan) -> list[Finding]:
    return before.examine(planned, account.client, account.region, account.region, lambda: "0123456789abcdef")


def of(found: list[Finding], verdict: Verdict) -> list[Finding]:
    return [each for each in found if each.verdict is verdict]


def test_a_new_account_with_what_is_needed_is_ready() -> None:
    account = FakeAccount()
    found = examine(account, plan(IMAGE))
    assert of(found, Verdict.FAILED) == of(found, Verdict.UNKNOWN) == []
    assert {each.what for each in of(found, Verdict.OK)} >= {
        "credentials", "parameters", "stack name", "region", "stack", "names", "bucket", "algorithm",
        "quotas", "Lambda", "permissions", "API logs",
    }  # fmt: skip
    assert f"in account {ACCOUNT} and region eu-west-1" in found[0].sentence


@pytest.mark.parametrize(
    ("operation", "answer", "what", "said", "remedy"),
    [
        ("ListEndpoints", refuse("UnrecognizedClientException"), "region", "is not enabled", "Enable it"),
        ("DescribeStacks", lambda _: _stack("ROLLBACK_COMPLETE"), "stack", "can be deleted",
         "destroy --stack shop --region eu-west-1"),
        ("DescribeStacks", lambda _: _stack("UPDATE_ROLLBACK_FAILED"), "stack", "cannot be updated",
         "continue-update-rollback --stack-name shop --region eu-west-1"),
        ("DescribeStacks", lambda _: _stack("CREATE_COMPLETE", "Invoices"), "stack",
         "another application's stack", "another name"),
        ("DescribeStacks", lambda _: _stack("UPDATE_IN_PROGRESS"), "stack", "UPDATE_IN_PROGRESS", "Wait"),
        ("DescribeLogGroups", lambda _: {"logGroups": [{"logGroupName": "/retailrec/shop/functions"}]},
         "names", "log group /retailrec/shop/functions", "destroy --stack shop"),
        ("DescribeEventBus", lambda _: {"Name": "shop"}, "names", "event bus shop", "destroy --stack shop"),
        ("DescribeImages", refuse("ImageNotFoundException"), "algorithm", "There is no image", "push-image"),
        ("DescribeImages", lambda _: {"imageDetails": [
            {"imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}]}, "algorithm",
         "an OCI manifest", "push-image"),
    ],
)  # fmt: skip
def test_what_would_stop_a_deployment_is_a_failure_with_its_remedy(
    operation: str, answer: Callable[[dict[str, Any]], dict[str, Any]], what: str, said: str, remedy: str
) -> None:
    account = FakeAccount()
    account.answers[operation] = answer
    (found,) = of(examine(account, plan(IMAGE)), Verdict.FAILED)
    assert found.what == what
    assert said in found.sentence
    assert remedy in found.sentence + found.remedy


def _stack(status: str, description: str = "retailrec - drop a file") -> dict[str, Any]:
    described = {
        "StackName": "shop", "CreationTime": "2026-01-01T00:00:00Z", "StackStatus": status,
    }  # fmt: skip
    return {"Stacks": [described | ({"Description": description} if description else {})]}


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_can_be_updated_is_fine(status: str) -> None:
    account = FakeAccount()
    account.answers["DescribeStacks"] = lambda _: _stack(
        status, "" if status == "REVIEW_IN_PROGRESS" else "retailrec - drop a file"
    )
    (found,) = [each for each in examine(account, plan(IMAGE)) if each.what == "stack"]
    assert (found.verdict, found.sentence) == (
        Verdict.OK, f"shop is {status}: the deployment updates it.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "verdict"), [("shop-ApiLogsRole-1A", Verdict.OK), ("other-ApiLogsRole-1A", Verdict.NOTE)]
)
def test_a_role_for_logs_that_is_not_the_stack_s_is_replaced(role: str, verdict: Verdict) -> None:
    account = FakeAccount()
    account.answers["GetAccount"] = lambda _: {"cloudwatchRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}
    (found,) = [each for each in examine(account, plan(IMAGE)) if each.what == "API logs"]
    assert found.verdict is verdict


def test_quotas_follow_from_the_parameters_and_may_have_a_default_alone() -> None:
    account = FakeAccount()
    account.quotas.defaults = {name: account.quotas.values.pop(name) for name in NEEDED}
    assert of(examine(account, plan(IMAGE)), Verdict.FAILED) == []
    (found,) = of(examine(account, plan(IMAGE, "EndpointMaxConcurrency=20")), Verdict.FAILED)
    assert (found.what, "and a run needs 40" in found.sentence) == ("quotas", True)


def test_actions_that_iam_would_deny_are_named() -> None:
    account = FakeAccount()
    account.denied = {"iam:PassRole", "s3:CreateBucket"}
    (found,) = of(examine(account, plan(IMAGE)), Verdict.FAILED)
    assert "may not call iam:PassRole, s3:CreateBucket." in found.sentence
    assert "docs/deployer-policies" in found.remedy


def test_actions_on_a_web_acl_are_needed_where_one_is_named_alone() -> None:
    account = FakeAccount()
    account.denied = {"wafv2:AssociateWebACL", "apigateway:SetWebACL"}
    acl = f"WebAclArn=arn:aws:wafv2:eu-west-1:{ACCOUNT}:regional/webacl/a/b"
    assert of(examine(account, plan(IMAGE)), Verdict.FAILED) == []
    (found,) = of(examine(account, plan(IMAGE, acl)), Verdict.FAILED)
    assert "may not call apigateway:SetWebACL, wafv2:AssociateWebACL." in found.sentence


def test_a_session_has_the_permissions_of_its_role() -> None:
    account = FakeAccount()
    account.answers["GetCallerIdentity"] = lambda _: {"Arn": SESSION, "Account": ACCOUNT, "UserId": "AROA"}
    found = examine(account, plan(IMAGE))
    (rights,) = [each for each in found if each.what == "permissions"]
    assert rights.sentence.startswith(f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/Deployer may call the ")


def test_each_check_that_is_not_permitted_is_unknown_and_stops_no_other() -> None:
    whole = FakeAccount()
    uploaders = f"UploaderPrincipalArns=arn:aws:iam::{ACCOUNT}:user/anna"
    planned = plan(IMAGE, uploaders, samconfig='[default.deploy.parameters]\ns3_bucket = "files"\n')
    whole.quotas.defaults[whole.quotas.values.popitem()[0]] = 1.0
    number = len({each.what for each in examine(whole, planned)})
    for operation in sorted({*whole.asked} - {"GetCallerIdentity"}):
        account = FakeAccount()
        account.quotas = whole.quotas
        account.answers[operation] = DENIED
        found = examine(account, planned)
        assert len({each.what for each in found}) >= number - 1, operation
        said = [each for each in of(found, Verdict.UNKNOWN) if operation in each.sentence + each.remedy]
        assert said or operation in {"ListEndpoints", "HeadBucket"}, operation
        if operation == "ListEndpoints":  # a refusal is an answer, too: SageMaker is in this region
            assert "region" in {each.what for each in of(found, Verdict.OK)}


def test_without_credentials_the_parameters_and_the_name_are_checked_all_the_same() -> None:
    account = FakeAccount()
    account.answers["GetCallerIdentity"] = refuse("ExpiredToken", "The token has expired")
    found = examine(account, plan(IMAGE, "TopN=500", stack="Shop"))
    assert [each.what for each in of(found, Verdict.FAILED)] == ["credentials", "parameters", "stack name"]
    assert "have expired" in found[0].sentence
    assert [each.what for each in of(found, Verdict.UNKNOWN)] == ["the rest"]
    assert account.asked == ["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("given", "what", "said"),
    [
        (
            [IMAGE, "AlgorithmArn=arn:aws:sagemaker:eu-west-1:123456789012:algorithm/a"],
            "parameters",
            "exactly one",
        ),
        ([IMAGE, "Algorithm=svd"], "parameters", "it takes bpr"),
        ([IMAGE, "Nothing=1"], "parameters", "no parameter Nothing"),
        ([IMAGE, "Tuning=on", "Algorithm=popularity"], "parameters", "nothing to search"),
        ([IMAGE.replace("eu-west-1", "us-east-1")], "algorithm", "its own region"),
        ([IMAGE, "ApiAccessLogs=on-with-the-accounts-role"], "API logs", "has no role for logs"),
        (
            [IMAGE, "WebAclArn=arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b"],
            "web ACL",
            "is not in",
        ),
    ],
)
def test_parameters_that_cannot_work_are_failures(given: list[str], what: str, said: str) -> None:
    (found,) = of(examine(FakeAccount(), plan(*given)), Verdict.FAILED)
    assert found.what == what
    assert said in found.sentence


def test_an_uploader_that_does_not_exist_is_a_failure() -> None:
    account = FakeAccount()
    account.answers["GetUser"] = refuse("NoSuchEntity", status=404)
    gone = f"UploaderPrincipalArns=arn:aws:iam::{ACCOUNT}:user/gone"
    (found,) = of(examine(account, plan(IMAGE, gone)), Verdict.FAILED)
    assert "There is no arn:aws:iam::123456789012:user/gone" in found.sentence


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("404", 404, "There is no bucket"),
        ("403", 403, "belongs to another account"),
        ("301", 301, "another region"),
    ],
)
def test_a_bucket_of_samconfig_must_be_ones_own(code: str, status: int, said: str) -> None:
    account = FakeAccount()
    account.answers["HeadBucket"] = refuse(code, status=status)
    planned = plan(IMAGE, samconfig='[default.deploy.parameters]\ns3_bucket = "files"\n')
    (found,) = of(examine(account, planned), Verdict.FAILED)
    assert said in found.sentence


def test_without_an_image_the_one_of_these_sources_is_looked_for() -> None:
    found = examine(FakeAccount(), plan())
    assert of(found, Verdict.FAILED) == []
    uri = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/retailrec-algorithm:0123456789abcdef"
    assert f"Deploy with --parameter-overrides AlgorithmImageUri={uri}" in [each.sentence for each in found]


def test_a_plan_is_the_template_then_samconfig_then_the_options() -> None:
    samconfig = """
[default.global.parameters]
stack_name = "of-all"
region = "sa-east-1"
[default.deploy.parameters]
profile = "shop"
parameter_overrides = 'TopN=20 ColumnMapping="customer_id=Household ID" Algorithm=auto'
"""
    read = read_plan(None, "default", ["TopN=30"], _Text(samconfig, Path("x")))  # type: ignore[arg-type]
    assert (read.stack, read.region, read.profile) == ("of-all", "sa-east-1", "shop")
    chosen = ("TopN", "ColumnMapping", "Algorithm", "Split")
    assert [read.parameters[name] for name in chosen] == [
        "30",
        "customer_id=Household ID",
        "auto",
        "temporal",
    ]
    with pytest.raises(Problem, match="has no environment stage: it has default"):
        read_plan(None, "stage", [], _Text(samconfig, Path("x")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Shop", "has upper-case letters"),
        ("s" * 41, "has 41 characters"),
        ("1shop", "cannot be a stack's name"),
        ("my_shop", "cannot be a stack's name"),
    ],
)
def test_a_stack_name_that_would_not_work_is_refused(name: str, said: str) -> None:
    (found,) = check_stack_name(name)
    assert found.verdict is Verdict.FAILED
    assert said in found.sentence
    assert found.remedy


def test_the_command_ends_with_1_where_something_would_stop_the_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = FakeAccount()
    places: list[Place] = []

    class Session:
        region_name = "eu-west-1"

    def open_session(place: Place) -> Session:
        places.append(place)
        return Session()

    monkeypatch.setattr(command, "aws_session", open_session)
    monkeypatch.setattr(command, "region_of_sam", lambda _place: "us-east-1")
    monkeypatch.setattr(command, "client", lambda _session, service, _cloud: account.client(service))
    monkeypatch.delenv("RETAILREC_STACK", raising=False)
    asked = ["doctor", "--before-deploy", "--region", "eu-west-1", "--config-env", "prod", "-p", IMAGE]
    answer = CliRunner().invoke(app, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert set(found[0]) == {"what", "verdict", "sentence", "remedy"}
    assert "retailrec-prod can be the name of a stack." in [each["sentence"] for each in found]
    assert places == [Place("eu-west-1")]
    elsewhere = "`sam deploy` would deploy in us-east-1: give it --region eu-west-1."
    assert elsewhere in [each["sentence"] for each in found]
    account.answers["DescribeImages"] = lambda _: {"imageDetails": [{"imageManifestMediaType": DOCKER + "x"}]}
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 1
    assert "To fix: 1." in answer.output
