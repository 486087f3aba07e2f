from pathlib import Path
from typing import Any

from local.samlocal.template import function_names, with_environment

BUILT: dict[str, Any] = {
    "Rules": {"R": {}},
    "Globals": {"Function": {"Runtime": "python3.13", "Environment": {"Variables": {"A": {"Ref": "B"}}}}},
    "Resources": {
        "ApiFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": "ApiFunction",
                "FunctionName": {"Fn::Sub": "${AWS::StackName}-api"},
                "MemorySize": 1024,
            },
        },
        "Layer": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "Layer"}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
    },
}


def test_functions_get_their_environment_and_keep_their_limits() -> None:
    made = with_environment(BUILT, {"ApiFunction": {"RAW_BUCKET": "raw"}}, Path("application"))
    function = made["Resources"]["ApiFunction"]["Properties"]
    assert function["Environment"] == {"Variables": {"RAW_BUCKET": "raw"}}
    assert (function["MemorySize"], function["CodeUri"]) == (1024, "application/ApiFunction")
    assert made["Resources"]["Layer"]["Properties"]["ContentUri"] == "application/Layer"
    assert made["Globals"]["Function"] == {"Runtime": "python3.13"}
    assert BUILT["Resources"]["ApiFunction"]["Properties"]["CodeUri"] == "ApiFunction"


def test_functions_are_known_by_their_deployed_names() -> None:
    assert dict(function_names(BUILT, "shop")) == {"ApiFunction": "shop-api"}
