"""The template is code: these are its unit tests."""

import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from retailrec_shared.core.settings import Settings
from retailrec_shared.core.tuning_ranges import FEWEST_JOBS, MOST_AT_ONCE, MOST_JOBS
from scripts import parameters
from scripts.check_template import OF_FUNCTIONS
from tests.environment import read_template, settings
from tests.template.roles import granted

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template()
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}
TEN = {
    "prepare_dataset",
    "start_training",
    "approve_model",
    "start_batch",
    "publish_recommendations",
    "update_endpoint",
    "activate_endpoint",
    "recommend_api",
    "reconcile_runs",
    "check_algorithm",
}


def triggers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in FUNCTIONS.items():
        for event, trigger in function.get("Events", {}).items():
            if trigger["Type"] != "Api":
                yield f"{name}.{event}", trigger["Properties"]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in RESOURCES.items():
        if resource["Type"] in {"AWS::Serverless::Function", "AWS::IAM::Role"}:
            for statement in granted(name):
                yield name, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_ten_functions_are_there_each_in_its_folder() -> None:
    handlers = {function["Handler"] for function in FUNCTIONS.values()}
    assert handlers == {f"{folder}.app.handler" for folder in TEN}
    assert all((ROOT / "functions" / folder / "app.py").exists() for folder in TEN)


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
            assert name == "UploaderRole" or "RawBucket" not in str(statement["Resource"]), name


# Actions that take no resource, by the service authorization reference: only here may "*" stand.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData": "metrics have no ARN",
    "ecr:GetAuthorizationToken": "the token is the account's",
}


def test_no_policy_is_wider_than_it_must_be() -> None:
    without_resource = set(WITHOUT_RESOURCE)
    for name, statement in statements():
        actions = listed(statement["Action"])
        assert not any("*" in action for action in actions), name
        if "*" in listed(statement["Resource"]):
            assert set(actions) <= without_resource, name


def test_a_role_is_passed_to_sagemaker_alone() -> None:
    passing = [statement for _, statement in statements() if "iam:PassRole" in listed(statement["Action"])]
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


def passed_on() -> dict[str, str]:
    """Which parameter each setting of the functions is given, by the variables that the template sets."""
    variables = dict(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for function in FUNCTIONS.values():
        variables |= function.get("Environment", {}).get("Variables", {})
    return {
        variable.lower(): value["Ref"]
        for variable, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in PARAMETERS
    }


# What these do is done by the template itself; every other parameter is a setting of the functions.
OF_THE_TEMPLATE_ALONE = {
    "RetrainSchedule", "AlarmEmail", "ApiAccessLogs", "UploaderPrincipalArns", "WebAclArn",
    "LogRetentionDays", "VersionRetentionDays",
}  # fmt: skip


def test_every_parameter_is_passed_on_but_those_of_the_template_alone() -> None:
    assert sorted(passed_on().values()) == sorted(set(PARAMETERS) - OF_THE_TEMPLATE_ALONE)


# Settings that name the stack's own resources; every other one is a parameter.
OF_RESOURCES = {
    "stack_name", "raw_bucket", "data_bucket", "ledger_table", "serving_table", "event_bus",
    "sagemaker_role_arn",
}  # fmt: skip


def test_every_setting_is_a_parameter_of_the_same_name_but_those_of_resources() -> None:
    named = {setting: parameter.lower() for setting, parameter in passed_on().items()}
    assert set(named) == set(Settings.model_fields) - OF_RESOURCES
    assert all(setting.replace("_", "") == parameter for setting, parameter in named.items())


def test_the_docs_have_the_parameters_of_the_template() -> None:
    text = parameters.DOCS.read_text()
    assert text == parameters.with_table(text, TEMPLATE), "run `make parameters`"


@pytest.mark.parametrize(
    ("setting", "parameter"), [pair for pair in passed_on().items() if "MinValue" in PARAMETERS[pair[1]]]
)
def test_the_functions_take_every_number_that_the_template_takes_and_none_below(
    setting: str, parameter: str
) -> None:
    least, most = PARAMETERS[parameter]["MinValue"], PARAMETERS[parameter]["MaxValue"]
    assert getattr(settings(**{setting: str(least)}), setting) == least
    assert getattr(settings(**{setting: str(most)}), setting) == most
    with pytest.raises(ValidationError):
        settings(**{setting: str(least - 1)})


@pytest.mark.parametrize(("setting", "parameter"), passed_on().items())
def test_a_setting_without_its_variable_is_as_the_template_has_it(setting: str, parameter: str) -> None:
    field, default = Settings.model_fields[setting], PARAMETERS[parameter]["Default"]
    if default == "":  # which counts as not set
        assert field.default in (None, "")
    else:
        assert getattr(settings(**{setting: str(default)}), setting) == field.default


@pytest.mark.parametrize(("setting", "parameter"), passed_on().items())
def test_choices_are_those_the_functions_know(setting: str, parameter: str) -> None:
    annotation = Settings.model_fields[setting].annotation
    if typing.get_origin(annotation) is typing.Literal:
        assert set(PARAMETERS[parameter]["AllowedValues"]) == set(typing.get_args(annotation))
    for value in PARAMETERS[parameter].get("AllowedValues", []):
        assert str(getattr(settings(**{setting: str(value)}), setting)) == str(value)


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


@pytest.mark.parametrize(
    ("algorithm", "arn", "allowed"),
    [("bpr", "", True), ("popularity", "", False), ("popularity", "arn:aws:sagemaker:x", True)],
)
def test_tuning_wants_something_to_tune(algorithm: str, arn: str, allowed: bool) -> None:
    rule = TEMPLATE["Rules"]["SomethingToTune"]
    assert holds(rule["RuleCondition"], {"Tuning": "on"})
    assert not holds(rule["RuleCondition"], {"Tuning": "off"})
    (assertion,) = rule["Assertions"]
    assert holds(assertion["Assert"], {"Algorithm": algorithm, "AlgorithmArn": arn}) is allowed


@pytest.mark.parametrize(
    ("parameter", "least", "most"),
    [("TuningJobsInTotal", FEWEST_JOBS, MOST_JOBS), ("TuningJobsInParallel", 1, MOST_AT_ONCE)],
)
def test_a_search_has_the_limits_that_the_functions_know(parameter: str, least: int, most: int) -> None:
    assert (PARAMETERS[parameter]["MinValue"], PARAMETERS[parameter]["MaxValue"]) == (least, most)


def test_what_starts_or_stops_a_search_is_held_to_the_stacks_own() -> None:
    found = {}
    for name, statement in statements():
        for action in listed(statement["Action"]):
            if action in {"sagemaker:CreateHyperParameterTuningJob", "sagemaker:StopHyperParameterTuningJob"}:
                found[action.removeprefix("sagemaker:"), name] = statement
    assert set(found) == {
        ("CreateHyperParameterTuningJob", "StartTrainingFunction"),
        ("StopHyperParameterTuningJob", "ReconcileRunsFunction"),
    }
    for statement in found.values():
        ((key, value),) = statement["Condition"]["StringEquals"].items()
        assert key in {"aws:RequestTag/retailrec:stack", "aws:ResourceTag/retailrec:stack"}
        assert value == {"Ref": "AWS::StackName"}


def test_nothing_but_the_models_of_a_search_and_checkpoints_is_ever_deleted_from_a_bucket() -> None:
    deleting = [(n, s) for n, s in statements() if any("DeleteObject" in a for a in listed(s["Action"]))]
    assert [(name, statement["Resource"]["Fn::Sub"]) for name, statement in deleting] == [
        ("ReconcileRunsFunction", "${DataBucket.Arn}/runs/*/model/tuning-*"),
        ("SageMakerRole", "${DataBucket.Arn}/runs/*/checkpoints/*"),
    ]


@pytest.mark.parametrize("bucket", ["RawBucket", "DataBucket"])
def test_buckets_are_private_encrypted_versioned_and_tls_only(bucket: str) -> None:
    properties = RESOURCES[bucket]["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketEncryption" in properties
    assert properties["LifecycleConfiguration"]["Rules"][0]["Status"] == "Enabled"
    statement = RESOURCES[f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"]["Bool"] == {"aws:SecureTransport": "false"}


@pytest.mark.parametrize("bucket", ["RawBucket", "DataBucket"])
def test_files_outlive_a_stack_but_not_one_that_never_came_up(bucket: str) -> None:
    assert RESOURCES[bucket]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[bucket]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("table", ["LedgerTable", "ServingTable"])
def test_tables_can_be_brought_back_and_are_encrypted(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def queues_of_dead_letters() -> set[str]:
    """Every queue that anything in the template sends what it gave up to."""
    found: set[str] = set()

    def look(value: Any, inside: bool) -> None:
        if isinstance(value, dict):
            if inside and "Fn::GetAtt" in value:
                found.add(value["Fn::GetAtt"][0])
            for key, inner in value.items():
                look(
                    inner,
                    inside or key in {"DeadLetterConfig", "OnFailure", "DeadLetterQueue", "RedrivePolicy"},
                )
        elif isinstance(value, list):
            for inner in value:
                look(inner, inside)

    look(TEMPLATE, inside=False)
    return found


def alarms() -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def test_every_dead_letter_queue_has_an_alarm() -> None:
    queues = {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::SQS::Queue"}
    assert queues_of_dead_letters() == queues
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in alarms().values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
        for dimension in alarm["Dimensions"]
    }
    assert watched == queues


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_notifies_people_and_says_what_to_type(name: str) -> None:
    alarm = alarms()[name]
    assert alarm["AlarmActions"] == [{"Ref": "Failures"}]
    assert "retailrec " in alarm["AlarmDescription"]["Fn::Sub"]
    assert "--stack" in alarm["AlarmDescription"]["Fn::Sub"]


def test_people_are_notified_of_run_stage_reason_and_next_step() -> None:
    target = RESOURCES["FailureRule"]["Properties"]["Targets"][0]["InputTransformer"]
    assert set(target["InputPathsMap"]) == {"what", "run", "stage", "reason", "next"}
    text = target["InputTemplate"]["Fn::Sub"]
    assert "--stack ${AWS::StackName}" in text
    filled = text
    for name in target["InputPathsMap"]:
        assert f": <{name}>," in text, "in quotes, EventBridge would not escape it"
        filled = filled.replace(f"<{name}>", '"x"')
    assert {"stack", "event", "run", "stage", "reason", "next_step"} <= set(json.loads(filled))


def test_only_the_uploader_writes_to_the_raw_bucket() -> None:
    deny = RESOURCES["RawBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][1]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:PutObject")
    spared = deny["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert spared[0] == {"Fn::GetAtt": ["UploaderRole", "Arn"]}
    assert spared[1]["Fn::Sub"].endswith(":assumed-role/${UploaderRole}/*")
    assert spared[2]["Fn::Sub"].endswith("${AWS::AccountId}:root")
    assert len(spared) == 3
    granted = [statement for name, statement in statements() if name == "UploaderRole"]
    assert [listed(statement["Action"]) for statement in granted] == [
        ["s3:PutObject", "s3:AbortMultipartUpload"]
    ]


def test_sagemaker_reaches_the_runs_alone() -> None:
    for name, statement in statements():
        if name == "SageMakerRole" and any(
            action.startswith("s3:") for action in listed(statement["Action"])
        ):
            if "s3:ListBucket" in listed(statement["Action"]):
                assert statement["Condition"] == {"StringLike": {"s3:prefix": "runs/*"}}
            else:
                resources = [resource["Fn::Sub"] for resource in listed(statement["Resource"])]
                assert all(resource.startswith("${DataBucket.Arn}/runs/") for resource in resources)


def test_logs_are_kept_for_as_long_as_asked() -> None:
    groups = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::Logs::LogGroup"]
    assert groups
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)


def test_the_api_is_throttled_and_can_have_a_firewall() -> None:
    (method,) = RESOURCES["Api"]["Properties"]["MethodSettings"]
    assert method["ThrottlingRateLimit"]
    assert method["ThrottlingBurstLimit"]
    association = RESOURCES["ApiWebAcl"]
    assert association["Condition"] == "HasWebAcl"
    assert association["Properties"]["WebACLArn"] == {"Ref": "WebAclArn"}
    assert PARAMETERS["WebAclArn"]["Default"] == ""


def suppressions() -> Iterator[tuple[str, str]]:
    for name, resource in RESOURCES.items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            yield name, skip["comment"]
    yield from OF_FUNCTIONS.items()


def test_every_suppressed_check_has_a_reason() -> None:
    assert list(suppressions())
    for name, reason in suppressions():
        assert len(reason.split()) >= 5, name


def test_the_api_asks_for_signatures() -> None:
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    assert auth == {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}


def test_access_logs_hold_no_customer_ids() -> None:
    condition, setting, otherwise = RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert (condition, otherwise) == ("HasApiAccessLogs", {"Ref": "AWS::NoValue"})
    logged = setting["Format"]
    assert "$context.resourcePath" in logged
    assert "$context.path" not in logged


def test_the_pre_flight_is_there_for_a_marketplace_algorithm_alone() -> None:
    conditional = {
        name for name, resource in RESOURCES.items() if resource.get("Condition") == "HasAlgorithmArn"
    }
    assert conditional == {"CheckAlgorithmFunction", "AlgorithmCheck"}
    condition = TEMPLATE["Conditions"]["HasAlgorithmArn"]
    assert holds(condition, {"AlgorithmArn": "arn"}) is True
    assert holds(condition, {"AlgorithmArn": ""}) is False


def test_the_pre_flight_looks_again_when_what_it_looked_at_changes() -> None:
    check = dict(RESOURCES["AlgorithmCheck"]["Properties"])
    assert check.pop("ServiceToken") == {"Fn::GetAtt": ["CheckAlgorithmFunction", "Arn"]}
    patience = FUNCTIONS["CheckAlgorithmFunction"]["Timeout"]
    assert patience < int(check.pop("ServiceTimeout")) <= 300, "an answer that never comes is not waited for"
    assert check == {name: {"Ref": name} for name in check}
    assert set(check) >= {"AlgorithmArn", "TrainingInstanceType", "BatchInstanceType", "Factors"}
