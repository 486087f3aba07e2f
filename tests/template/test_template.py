"""The template is code: these are its unit tests."""

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retailrec_shared.settings import EndpointMode, Profile, Settings, Split
from tests.environment import read_template

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template()
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}
NINE = {
    "prepare_dataset",
    "start_training",
    "approve_model",
    "start_batch",
    "publish_recommendations",
    "update_endpoint",
    "activate_endpoint",
    "recommend_api",
    "reconcile_runs",
}


def triggers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in FUNCTIONS.items():
        for event, trigger in function["Events"].items():
            if trigger["Type"] != "Api":
                yield f"{name}.{event}", trigger["Properties"]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in FUNCTIONS.items():
        for policy in function["Policies"]:
            for statement in policy["Statement"]:
                yield name, statement
    for policy in RESOURCES["SageMakerRole"]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield "SageMakerRole", statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_nine_functions_are_there_each_in_its_folder() -> None:
    handlers = {function["Handler"] for function in FUNCTIONS.values()}
    assert handlers == {f"{folder}.app.handler" for folder in NINE}
    assert all((ROOT / "functions" / folder / "app.py").exists() for folder in NINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_called_like_its_folder_and_leaves_room_for_the_stack(name: str) -> None:
    folder = FUNCTIONS[name]["Handler"].split(".")[0]
    assert name == "".join(word.capitalize() for word in folder.split("_")) + "Function"
    suffix = FUNCTIONS[name]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}")
    assert suffix == "-" + folder.replace("_", "-")
    assert 40 + len(suffix) <= 64, "Lambda allows 64 characters"


@pytest.mark.parametrize(("name", "trigger"), list(triggers()), ids=[name for name, _ in triggers()])
def test_every_trigger_retries_and_then_keeps_the_event(name: str, trigger: dict[str, Any]) -> None:
    assert trigger["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    assert trigger["RetryPolicy"]["MaximumRetryAttempts"] >= 2


def test_every_other_rule_keeps_its_events_too() -> None:
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::Events::Rule":
            assert all(
                "DeadLetterConfig" in target and "RetryPolicy" in target
                for target in resource["Properties"]["Targets"]
            )


def test_what_lambda_gives_up_goes_to_the_queue() -> None:
    destination = TEMPLATE["Globals"]["Function"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert destination["Destination"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


@pytest.mark.parametrize(("name", "trigger"), list(triggers()), ids=[name for name, _ in triggers()])
def test_a_rule_for_an_aws_event_takes_its_replay_as_well(name: str, trigger: dict[str, Any]) -> None:
    sources = trigger.get("Pattern", {}).get("source", [])
    of_aws = [source for source in sources if source.startswith("aws.")]
    assert all(f"retailrec.{source.removeprefix('aws.')}" in sources for source in of_aws)


def test_no_output_can_trigger_an_input() -> None:
    ((_, trigger),) = [
        pair for pair in triggers() if "aws.s3" in pair[1].get("Pattern", {}).get("source", [])
    ]
    assert trigger["Pattern"]["detail"]["bucket"]["name"] == [{"Ref": "RawBucket"}]
    assert "NotificationConfiguration" not in RESOURCES["DataBucket"]["Properties"]
    for name, statement in statements():
        if any("Put" in action or action.endswith("*") for action in listed(statement["Action"])):
            assert "RawBucket" not in str(statement["Resource"]), name


def test_no_policy_is_wider_than_it_must_be() -> None:
    without_resource = {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
    for name, statement in statements():
        actions = listed(statement["Action"])
        assert not any("*" in action for action in actions), name
        if "*" in listed(statement["Resource"]):
            assert set(actions) <= without_resource, name


def test_a_role_is_passed_to_sagemaker_alone() -> None:
    passing = [statement for _, statement in statements() if statement["Action"] == "iam:PassRole"]
    assert len(passing) == 2
    for statement in passing:
        assert statement["Resource"] == {"Fn::GetAtt": ["SageMakerRole", "Arn"]}
        assert statement["Condition"]["StringEquals"]["iam:PassedToService"] == "sagemaker.amazonaws.com"


def test_only_the_preparing_function_carries_the_tables_layer() -> None:
    carriers = [name for name, f in FUNCTIONS.items() if {"Ref": "TablesLayer"} in f.get("Layers", [])]
    assert carriers == ["PrepareDatasetFunction"]
    assert TEMPLATE["Globals"]["Function"]["Layers"] == [{"Ref": "SharedLayer"}]


def test_the_environment_is_what_the_settings_read() -> None:
    variables = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]) - {"POWERTOOLS_SERVICE_NAME"}
    assert variables == {name.upper() for name in Settings.model_fields}


def test_every_parameter_is_described_and_grouped() -> None:
    grouped = [
        name
        for group in TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    ]
    assert sorted(grouped) == sorted(PARAMETERS)
    for name, parameter in PARAMETERS.items():
        assert parameter["Description"].endswith((".", ")", ").")), name
        assert "Default" in parameter, name


@pytest.mark.parametrize(
    ("parameter", "literal"),
    [("CleaningProfile", Profile), ("Split", Split), ("EndpointMode", EndpointMode)],
)
def test_choices_are_those_the_functions_know(parameter: str, literal: Any) -> None:
    assert set(PARAMETERS[parameter]["AllowedValues"]) == set(typing.get_args(literal))


def test_defaults_are_those_of_the_settings() -> None:
    fields = {name.title().replace("_", ""): field for name, field in Settings.model_fields.items()}
    for name, parameter in PARAMETERS.items():
        if name in fields and name != "QualityFloor":
            assert parameter["Default"] == fields[name].default, name


def holds(condition: Any, parameters: dict[str, str]) -> Any:
    """Evaluate a CloudFormation condition as far as the template uses them."""
    if isinstance(condition, str):
        return condition
    ((function, value),) = condition.items()
    if function == "Ref":
        return parameters[value]
    values = [holds(inner, parameters) for inner in value]
    match function:
        case "Fn::Or":
            return any(values)
        case "Fn::And":
            return all(values)
        case "Fn::Not":
            return not values[0]
        case "Fn::Equals":
            return values[0] == values[1]
    raise AssertionError(function)


@pytest.mark.parametrize(
    ("arn", "image", "allowed"), [("", "", False), ("a", "", True), ("", "i", True), ("a", "i", False)]
)
def test_exactly_one_algorithm_is_insisted_on(arn: str, image: str, allowed: bool) -> None:
    (assertion,) = TEMPLATE["Rules"]["ExactlyOneAlgorithm"]["Assertions"]
    assert holds(assertion["Assert"], {"AlgorithmArn": arn, "AlgorithmImageUri": image}) is allowed
    assert "exactly one" in assertion["AssertDescription"]


@pytest.mark.parametrize("bucket", ["RawBucket", "DataBucket"])
def test_buckets_are_private_encrypted_versioned_and_tls_only(bucket: str) -> None:
    properties = RESOURCES[bucket]["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketEncryption" in properties
    (statement,) = RESOURCES[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"]["Bool"] == {"aws:SecureTransport": "false"}


@pytest.mark.parametrize("table", ["LedgerTable", "ServingTable"])
def test_tables_can_be_brought_back_and_are_encrypted(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_the_api_asks_for_signatures() -> None:
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    assert auth == {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}


def test_access_logs_hold_no_customer_ids() -> None:
    condition, setting, otherwise = RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert (condition, otherwise) == ("HasApiAccessLogs", {"Ref": "AWS::NoValue"})
    logged = setting["Format"]
    assert "$context.resourcePath" in logged
    assert "$context.path" not in logged
