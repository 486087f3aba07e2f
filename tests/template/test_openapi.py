"""The API's description is generated, committed, and whole."""

import json
import subprocess
import sys
from typing import Any

from recommend_api.description import document, document_text
from recommend_api.paths import METHODS
from recommend_api.routes import api
from tests.environment import ROOT, read_template

HEAVY = {"pandas", "numpy", "pyarrow", "scipy", "boto3", "aws_xray_sdk"}


def test_the_committed_description_is_what_the_code_says() -> None:
    assert (ROOT / "docs/openapi.json").read_text() == document_text(api), "run `make openapi`"


def test_description_template_and_paths_name_the_same_routes() -> None:
    described = {(path, method.upper()) for path, ways in document(api)["paths"].items() for method in ways}
    function = read_template()["Resources"]["RecommendApiFunction"]["Properties"]
    deployed = {
        (event["Properties"]["Path"], event["Properties"]["Method"].upper())
        for event in function["Events"].values()
        if event["Properties"]["Path"] != "/{proxy+}"
    }
    assert described == deployed == set(METHODS.items())


def test_one_route_takes_every_method_of_every_other_path_and_none_goes_unsigned() -> None:
    events = read_template()["Resources"]["RecommendApiFunction"]["Properties"]["Events"].values()
    greedy = [each["Properties"]["Method"] for each in events if each["Properties"]["Path"] == "/{proxy+}"]
    assert greedy == ["any"]
    assert all(set(each["Properties"]) == {"RestApiId", "Method", "Path"} for each in events), (
        "no Auth of its own"
    )


def test_every_problem_of_every_route_is_declared() -> None:
    for path, ways in document(api)["paths"].items():
        for operation in ways.values():
            problems = {int(status) for status in operation["responses"]} - {200}
            needed = {500} if path == "/openapi.json" else {400, 500, 503}
            assert problems >= needed, path
            for status in problems:
                assert list(operation["responses"][str(status)]["content"]) == ["application/problem+json"]


def test_importing_the_function_imports_nothing_heavy() -> None:
    program = "import recommend_api.app, sys, json; print(json.dumps(sorted(sys.modules)))"
    path = f"{ROOT / 'functions'}:{ROOT / 'layers/shared'}"
    printed = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    ).stdout
    loaded: list[Any] = json.loads(printed)
    assert not HEAVY & {name.split(".")[0] for name in loaded}
    assert "botocore.client" not in loaded
