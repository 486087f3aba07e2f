"""What CloudFormation gets: the template as SAM expands it, with the resources that SAM generates."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import read_expanded_template, read_template

TEMPLATE = read_expanded_template()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
LONGEST_STACK = "s" * 40
# The longest values of what is known at deployment alone.
PSEUDO = {"AWS::StackName": LONGEST_STACK, "AWS::AccountId": "1" * 12, "AWS::Region": "ap-southeast-1"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a part of the template refers to, whatever the conditions."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from (part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
            else:
                yield from references(inner)


def named(value: Any) -> str:
    """Return a name with the longest stack name in it."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return PSEUDO[value["Ref"]]
    text = str(value["Fn::Sub"])
    for name, filled in PSEUDO.items():
        text = text.replace(f"${{{name}}}", filled)
    return text


def test_the_api_has_one_stage() -> None:
    """A deployment with a StageName makes a second stage, without firewall, throttle, logs and alarm."""
    (deployment,) = of_type("AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment
    assert [stage["StageName"] for stage in of_type("AWS::ApiGateway::Stage").values()] == ["v1"]


def test_the_one_stage_has_throttle_logs_firewall_and_alarm() -> None:
    ((name, stage),) = of_type("AWS::ApiGateway::Stage").items()
    (method,) = stage["MethodSettings"]
    assert (method["ResourcePath"], method["HttpMethod"]) == ("/*", "*")
    assert method["ThrottlingRateLimit"]
    assert method["ThrottlingBurstLimit"]
    assert "ApiLogGroup" in set(references(stage["AccessLogSetting"]))
    (firewall,) = of_type("AWS::WAFv2::WebACLAssociation").values()
    assert set(references(firewall["ResourceArn"])) >= {"Api", name}
    alarm = of_type("AWS::CloudWatch::Alarm")["ApiErrorsAlarm"]
    assert {"Name": "Stage", "Value": stage["StageName"]} in alarm["Dimensions"]


def test_no_metric_is_paid_for_and_not_used() -> None:
    """Metrics of each method are paid: the alarm and the dashboard use those of the stage, which are free."""
    for stage in of_type("AWS::ApiGateway::Stage").values():
        assert not any(method.get("MetricsEnabled") for method in stage["MethodSettings"])
    for alarm in of_type("AWS::CloudWatch::Alarm").values():
        if alarm["Namespace"] == "AWS/ApiGateway":
            assert {each["Name"] for each in alarm["Dimensions"]} == {"ApiName", "Stage"}
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    assert '"Method"' not in str(dashboard)


def test_the_stage_comes_after_the_accounts_role_for_logs_where_the_stack_sets_it() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    assert "ApiAccount" in set(references(stage))


def test_nothing_depends_on_what_may_not_be_there() -> None:
    for name, resource in RESOURCES.items():
        needed = resource.get("DependsOn", [])
        for other in [needed] if isinstance(needed, str) else needed:
            condition = RESOURCES[other].get("Condition")
            assert condition in (None, resource.get("Condition")), f"{name} on {other}"


def test_eventbridge_publishes_to_a_topic_without_a_condition() -> None:
    """EventBridge's messages to a topic with a condition in its policy do not arrive."""
    (policy,) = of_type("AWS::SNS::TopicPolicy").values()
    said = {each["Principal"]["Service"]: each for each in policy["PolicyDocument"]["Statement"]}
    assert set(said) == {"events.amazonaws.com", "cloudwatch.amazonaws.com"}
    assert "Condition" not in said["events.amazonaws.com"]
    assert "Condition" in said["cloudwatch.amazonaws.com"]


def test_eventbridge_sends_to_the_queue_under_the_documented_condition() -> None:
    (policy,) = of_type("AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    ((operator, condition),) = statement["Condition"].items()
    assert operator == "ArnLike"
    assert condition["aws:SourceArn"]["Fn::Sub"].endswith(":events:${AWS::Region}:${AWS::AccountId}:rule/*")


@pytest.mark.parametrize("name", of_type("AWS::Lambda::Function"))
def test_a_function_cannot_bring_a_log_group_back(name: str) -> None:
    """Lambda writes the last lines after the stack deleted the group, and creates it again if it may."""
    function = of_type("AWS::Lambda::Function")[name]
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": "LogGroup"}
    role = RESOURCES[function["Role"]["Fn::GetAtt"][0]]["Properties"]
    denied = [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]
    assert [(each["Action"], each["Resource"]) for each in denied] == [("logs:CreateLogGroup", "*")]


def test_every_log_group_of_the_stack_is_one_of_the_template() -> None:
    """Execution logs of the API would be a group that API Gateway creates and nobody deletes."""
    for stage in of_type("AWS::ApiGateway::Stage").values():
        assert all(method.get("LoggingLevel", "OFF") == "OFF" for method in stage["MethodSettings"])


# Of the name that CloudFormation, or a function, gives; each limit is of the service's API reference.
LIMITS = {
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::Events::EventBus", "Name"): 256,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::ApiGateway::RestApi", "Name"): 1024,
}
NAMES = [
    (name, field, resource["Properties"][field], limit)
    for name, resource in RESOURCES.items()
    for (kind, field), limit in LIMITS.items()
    if resource["Type"] == kind
]


@pytest.mark.parametrize(("name", "field", "value", "limit"), NAMES, ids=[each[0] for each in NAMES])
def test_a_name_has_room_for_the_longest_stack_name(name: str, field: str, value: Any, limit: int) -> None:
    assert len(named(value)) <= limit, f"{name}.{field}"


# CloudFormation names these, within their limits: a name of ours might be too long, or taken.
NAMELESS = {
    "AWS::IAM::Role": "RoleName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::CloudWatch::Alarm": "AlarmName",
}


def test_cloudformation_names_what_has_a_short_or_a_worldwide_name() -> None:
    for kind, field in NAMELESS.items():
        assert of_type(kind)
        assert all(field not in properties for properties in of_type(kind).values()), kind


def test_a_new_account_can_create_every_function() -> None:
    """Its functions have at most 3,008 MB, and its ten concurrent executions leave none to reserve."""
    for name, function in of_type("AWS::Lambda::Function").items():
        assert 128 <= function["MemorySize"] <= 3008, name
        assert 1 <= function["Timeout"] <= 900, name
        assert 512 <= function.get("EphemeralStorage", {"Size": 512})["Size"] <= 10240, name
        assert "ReservedConcurrentExecutions" not in function, name


# The longest values of parameters whose pattern alone limits them; an algorithm's ARN by SageMaker's limit.
FREE = {"ColumnMapping": 2002, "AlgorithmImageUri": 255, "AlgorithmArn": 170}
LONGEST_ARN = 128  # of a role; what CloudFormation names is shorter


def longest(value: Any) -> int:
    """Return how long the value of a variable can become."""
    if isinstance(value, str):
        return len(value)
    parameter = read_template()["Parameters"].get(value.get("Ref"))
    if parameter is None:
        return LONGEST_ARN
    known = [parameter["Default"], parameter.get("MaxValue", ""), *parameter.get("AllowedValues", [])]
    return FREE.get(value["Ref"], max(len(str(each)) for each in known))


@pytest.mark.parametrize("name", of_type("AWS::Lambda::Function"))
def test_a_functions_environment_has_room(name: str) -> None:
    """Lambda takes 4 KB of variables; one of the two ways to name an algorithm is empty."""
    variables = of_type("AWS::Lambda::Function")[name]["Environment"]["Variables"]
    size = sum(len(key) + longest(value) for key, value in variables.items()) - FREE["AlgorithmArn"]
    assert size <= 4096


def test_the_template_is_within_cloudformations_limits() -> None:
    assert len(RESOURCES) <= 500
    assert len(TEMPLATE["Parameters"]) <= 200
    assert len(TEMPLATE["Outputs"]) <= 200
    for role in of_type("AWS::IAM::Role").values():
        size = sum(len("".join(str(each["PolicyDocument"]).split())) for each in role.get("Policies", []))
        assert size <= 10240, "characters of a role's inline policies"
        assert len(role.get("ManagedPolicyArns", [])) <= 10
    for rule in of_type("AWS::Events::Rule").values():
        assert len(rule.get("Description", "")) <= 512
        assert len(rule["Targets"]) <= 5
    for function in of_type("AWS::Lambda::Function").values():
        assert len(function["Description"]) <= 256
    permissions = [str(each["FunctionName"]) for each in of_type("AWS::Lambda::Permission").values()]
    of_one_function = max(map(permissions.count, permissions))
    assert of_one_function * 500 <= 20480, "bytes of a function's own policy"


def test_no_description_holds_a_character_that_its_service_refuses() -> None:
    """IAM takes Latin-1 in a role's description, CloudFormation ASCII in the template's."""
    assert TEMPLATE["Description"].isascii()
    for role in of_type("AWS::IAM::Role").values():
        assert role.get("Description", "").isascii()
