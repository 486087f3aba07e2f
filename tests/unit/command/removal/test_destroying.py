"""`retailrec destroy` removes what is the stack's own, by its record and tags, and nothing by its name."""

from collections.abc import Callable, Iterator

import pytest

from retailrec.client.problems import Problem
from retailrec.commands import destroy as command
from tests.moto_cloud import moto_cloud
from tests.unit.command.removal.aws_account import (
    ACCOUNT,
    RUN,
    Account,
    FakeStack,
    aws,
    create_bucket,
    objects,
    tag_as_cloudformation,
)

HERE, THERE = "eu-west-1", "us-east-1"
Destroy = Callable[..., str]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with moto_cloud():
        yield Account()


@pytest.fixture
def destroy(account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Destroy:
    """Destroy a stack in a region, and return what is printed."""

    def run(name: str = "retailrec", region: str = HERE, data: bool = True) -> str:
        place = (name, lambda service: account.client(service, region), 0.0)
        monkeypatch.setattr(command, "_place", lambda _name: place)
        command.destroy(name, data, yes=True)
        return " ".join(capsys.readouterr().out.split())

    return run


def physical(stack: FakeStack, *logical: str) -> set[str]:
    return {stack.resources[each]["PhysicalResourceId"] for each in logical}


def kept(stack: FakeStack) -> set[str]:
    return physical(stack, "RawBucket", "DataBucket")


def test_the_same_named_stack_of_another_region_keeps_its_data_and_its_role(
    account: Account, destroy: Destroy
) -> None:
    here, there = account.deploy("retailrec", HERE), account.deploy("retailrec", THERE)
    account.go_live("retailrec", HERE)
    account.go_live("retailrec", THERE)
    destroy("retailrec", HERE)
    assert account.buckets() == kept(there)
    assert all(list(objects(bucket, THERE)) == ["file.csv"] for bucket in kept(there))
    assert account.roles() == physical(there, "ApiLogsRole")
    assert account.in_sagemaker(THERE) == {f"retailrec-{RUN}", "retailrec-endpoint"}
    assert "/retailrec/retailrec/functions" in account.log_groups(THERE)
    assert account.in_sagemaker(HERE) == set()
    assert here.status == "DELETE_COMPLETE"


def test_a_stack_that_is_gone_here_takes_nothing_of_the_one_there(account: Account, destroy: Destroy) -> None:
    there = account.deploy("retailrec", THERE)
    said = destroy("retailrec", HERE)
    assert f"Nothing is left of retailrec in account {ACCOUNT}, region {HERE}." in said
    assert account.buckets() == kept(there)
    assert account.roles() == physical(there, "ApiLogsRole")


@pytest.mark.slow
def test_stacks_whose_names_begin_alike_do_not_touch_each_other(account: Account, destroy: Destroy) -> None:
    shop, prod = account.deploy("retailrec", HERE), account.deploy("retailrec-prod", HERE)
    account.go_live("retailrec", HERE)
    account.go_live("retailrec-prod", HERE)
    destroy("retailrec", HERE)
    assert account.buckets() == kept(prod)
    assert account.roles() == physical(prod, "ApiLogsRole")
    assert account.in_sagemaker(HERE) == {f"retailrec-prod-{RUN}", "retailrec-prod-endpoint"}
    assert account.streams(HERE) == {f"retailrec-prod-{RUN}/algo-1-1"}
    assert account.log_groups(HERE) == {
        "/retailrec/retailrec-prod/functions", "/aws/sagemaker/TrainingJobs",
        "/aws/sagemaker/Endpoints/retailrec-prod-endpoint",
    }  # fmt: skip
    assert shop.status == "DELETE_COMPLETE"


@pytest.mark.slow
def test_stacks_whose_names_differ_in_case_alone_have_each_their_own_buckets(
    account: Account, destroy: Destroy
) -> None:
    upper = account.deploy("Shop", HERE)
    account.deploy("shop", HERE)
    destroy("shop", HERE)
    assert account.buckets() == kept(upper)


def test_what_others_gave_such_a_name_stays(account: Account, destroy: Destroy) -> None:
    account.deploy("retailrec", HERE)
    create_bucket("retailrec-rawbucket-mine", HERE)
    aws("iam", HERE).create_role(RoleName="retailrec-ApiLogsRole-mine", AssumeRolePolicyDocument="{}")
    account.go_live("retailrec", HERE, owner="somebody else")
    printed = destroy("retailrec", HERE)
    assert account.buckets() == {"retailrec-rawbucket-mine"}
    assert account.roles() == {"retailrec-ApiLogsRole-mine"}
    assert account.in_sagemaker(HERE) == {f"retailrec-{RUN}", "retailrec-endpoint"}
    assert account.streams(HERE) == {f"retailrec-{RUN}/algo-1-1"}
    assert "/aws/sagemaker/Endpoints/retailrec-endpoint" in account.log_groups(HERE)
    for name in ("retailrec-rawbucket-mine", "retailrec-ApiLogsRole-mine", "retailrec-endpoint"):
        assert name in printed, "what looks like the stack's and stays is named"


@pytest.mark.slow
def test_the_rules_that_invoke_functions_are_disabled_on_each_bus(account: Account, destroy: Destroy) -> None:
    stack = account.deploy("retailrec", HERE)
    events = aws("events", HERE)
    events.create_event_bus(Name="retailrec")
    rules = (("retailrec", "retailrec-Own-1", "retailrec|retailrec-Own-1"), ("default", "retailrec-Default-1",
              "retailrec-Default-1"))  # fmt: skip
    for bus, name, recorded in rules:
        events.put_rule(Name=name, EventBusName=bus, EventPattern='{"source": ["retailrec"]}')
        stack.resources[name] = {"ResourceType": "AWS::Events::Rule", "PhysicalResourceId": recorded}
    events.put_rule(Name="retailrec-Mine", EventPattern='{"source": ["mine"]}')
    destroy("retailrec", HERE)
    state = {name: events.describe_rule(Name=name, EventBusName=bus)["State"] for bus, name, _ in rules}
    assert set(state.values()) == {"DISABLED"}, state
    assert events.describe_rule(Name="retailrec-Mine")["State"] == "ENABLED"


@pytest.mark.slow
def test_the_buckets_stay_without_data_and_go_with_it_when_the_stack_is_gone(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    there = account.deploy("retailrec", THERE)
    printed = destroy("retailrec", HERE, data=False)
    assert all(bucket in printed for bucket in kept(stack))
    assert account.buckets() == kept(stack) | kept(there)
    destroy("retailrec", HERE, data=True)
    assert account.buckets() == kept(there)


@pytest.mark.slow
def test_an_earlier_stack_of_the_name_keeps_its_data_while_a_later_one_is_destroyed(
    account: Account, destroy: Destroy
) -> None:
    earlier = account.deploy("retailrec", HERE)
    destroy("retailrec", HERE, data=False)
    account.deploy("retailrec", HERE)
    printed = destroy("retailrec", HERE, data=True)
    assert account.buckets() == kept(earlier)
    assert all(bucket in printed for bucket in kept(earlier))
    destroy("retailrec", HERE, data=True)
    assert account.buckets() == set()


@pytest.mark.slow
def test_a_role_of_a_stack_from_before_its_tag_is_known_by_the_stack_s_record(
    account: Account, destroy: Destroy
) -> None:
    account.deploy("retailrec", HERE, tag=False)
    destroy("retailrec", HERE)
    assert account.roles() == set()


@pytest.mark.slow
@pytest.mark.parametrize("others", ["rest_apis", "websocket_apis"])
def test_the_role_stays_where_other_apis_log_with_it(account: Account, destroy: Destroy, others: str) -> None:
    stack = account.deploy("retailrec", HERE)
    getattr(account.gateways[HERE], others).append("other")
    printed = destroy("retailrec", HERE)
    assert account.roles() == physical(stack, "ApiLogsRole")
    assert account.gateways[HERE].role
    assert "other APIs" in printed


@pytest.mark.slow
def test_log_groups_that_come_back_and_those_of_the_endpoint_and_the_api_go(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    account.go_live("retailrec", HERE)
    api = stack.resources["Api"]["PhysicalResourceId"]
    logs = aws("logs", HERE)
    logs.create_log_group(logGroupName=f"API-Gateway-Execution-Logs_{api}/v1")
    logs.create_log_group(logGroupName="/retailrec/retailrec/mine")
    destroy("retailrec", HERE)
    logs.create_log_group(logGroupName="/retailrec/retailrec/functions")  # by a function that logged late
    destroy("retailrec", HERE)
    assert account.log_groups(HERE) == {"/aws/sagemaker/TrainingJobs", "/retailrec/retailrec/mine"}
    assert account.streams(HERE) == set()


def test_a_stack_of_another_application_is_refused(account: Account, destroy: Destroy) -> None:
    stack = account.deploy("billing", HERE)
    stack.description = "Invoices"
    stack.resources = {"Table": stack.resources["LedgerTable"]}
    with pytest.raises(Problem, match="billing is no stack of retailrec"):
        destroy("billing", HERE)
    assert stack.status == "CREATE_COMPLETE"


@pytest.mark.slow
def test_a_stack_that_was_rolled_back_is_known_by_its_parameters(account: Account, destroy: Destroy) -> None:
    stack = account.deploy("retailrec", HERE)
    stack.description, stack.status, stack.resources = "", "ROLLBACK_COMPLETE", {}
    stack.parameters = ["AlgorithmArn", "AlgorithmImageUri", "TopN"]
    destroy("retailrec", HERE)
    assert stack.status == "DELETE_COMPLETE"


@pytest.mark.slow
def test_a_stack_of_which_nothing_was_deployed_is_left_to_cloudformation(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    stack.description, stack.status, stack.resources = "", "REVIEW_IN_PROGRESS", {}
    with pytest.raises(Problem, match="delete-stack --stack-name retailrec"):
        destroy("retailrec", HERE)


def test_a_protected_stack_is_refused_before_anything_is_removed(account: Account, destroy: Destroy) -> None:
    stack = account.deploy("retailrec", HERE)
    account.go_live("retailrec", HERE)
    stack.protected = True
    with pytest.raises(Problem, match="termination protection"):
        destroy("retailrec", HERE)
    assert account.in_sagemaker(HERE)


def test_a_stack_that_is_being_changed_is_refused(account: Account, destroy: Destroy) -> None:
    stack = account.deploy("retailrec", HERE)
    for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
        stack.status = status
        with pytest.raises(Problem, match=f"{status}: try again when it has ended"):
            destroy("retailrec", HERE)
        assert stack.status == status


@pytest.mark.slow
def test_tags_of_others_that_may_not_be_read_stop_nothing(account: Account, destroy: Destroy) -> None:
    """The policies in docs/deployer-policies allow what begins with retailrec alone."""
    stack = account.deploy("retailrec", HERE)
    others = {"shop-ApiLogsRole-1", "retailrec-ApiLogsRole-mine"}
    for role in others:
        aws("iam", HERE).create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    for bucket in ("shop-rawbucket-1", "retailrec-rawbucket-mine"):
        create_bucket(bucket, HERE)
    account.refuse = {
        "ListRoleTags": others, "GetBucketTagging": {"shop-rawbucket-1", "retailrec-rawbucket-mine"}
    }  # fmt: skip
    printed = destroy("retailrec", HERE)
    assert stack.status == "DELETE_COMPLETE"
    assert account.roles() == others
    assert account.buckets() == {"shop-rawbucket-1", "retailrec-rawbucket-mine"}
    assert "retailrec-ApiLogsRole-mine" in printed
    assert "retailrec-rawbucket-mine" in printed
    assert "shop-" not in printed


@pytest.mark.slow
def test_a_bucket_of_the_stack_whose_tags_may_not_be_read_is_a_problem(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    account.refuse = {"GetBucketTagging": kept(stack)}
    with pytest.raises(Problem, match="s3:GetBucketTagging"):
        destroy("retailrec", HERE)
    assert stack.status == "CREATE_COMPLETE"


@pytest.mark.slow
def test_what_cloudformation_could_not_delete_is_said_with_its_reason_and_is_tried_again(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    stack.fails_to_delete = "LedgerTable"
    with pytest.raises(Problem, match=r"LedgerTable \(Access Denied\)"):
        destroy("retailrec", HERE)
    assert account.buckets() == kept(stack), "the data goes last"
    stack.fails_to_delete = ""
    destroy("retailrec", HERE)
    assert (account.buckets(), stack.status) == (set(), "DELETE_COMPLETE")


@pytest.mark.slow
def test_buckets_of_a_stack_that_cloudformation_has_forgotten_are_known_by_their_tags(
    account: Account, destroy: Destroy
) -> None:
    there = account.deploy("retailrec", THERE)
    account.deploy("retailrec", HERE)
    account.formation(HERE).stacks.clear()  # after 90 days
    destroy("retailrec", HERE)
    assert account.buckets() == kept(there)
    assert account.roles() == physical(there, "ApiLogsRole")


@pytest.mark.slow
def test_a_bucket_of_another_account_with_such_a_tag_is_not_asked_for(
    account: Account, destroy: Destroy
) -> None:
    stack = account.deploy("retailrec", HERE)
    bucket = stack.resources["RawBucket"]["PhysicalResourceId"]
    tag_as_cloudformation(bucket, stack.id.replace(ACCOUNT, "999999999999"))
    destroy("retailrec", HERE)
    assert account.buckets() == {bucket}
    assert account.of_any_owner <= {"ListObjectVersions"}, "the cost is read, of buckets that are the stack's"
