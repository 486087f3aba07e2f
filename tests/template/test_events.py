"""The example events are what the functions take and what the template's rules match."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from local.samlocal.examples import examples
from local.samlocal.preparation import write_events
from local.samlocal.values import Values
from retailrec_shared.core import events, triggers
from tests.environment import read_template
from tests.template import aws_events

FOLDER = Path(__file__).parents[2] / "events"
EXAMPLES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
OWN = {model.detail_type: model for model in events.ALL}
OF_AWS: dict[str, type[BaseModel]] = {
    "Object Created": triggers.ObjectCreated,
    "Retraining Requested": triggers.RetrainingRequested,
    "SageMaker Training Job State Change": triggers.TrainingJobChanged,
    "SageMaker Transform Job State Change": triggers.TransformJobChanged,
    "SageMaker Endpoint State Change": triggers.EndpointChanged,
    "SageMaker Model Package State Change": triggers.ModelPackageChanged,
    "SageMaker HyperParameter Tuning Job State Change": triggers.TuningJobChanged,
}
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in read_template()["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function" and "Events" in resource["Properties"]
}


def matches(pattern: Any, event: Any) -> bool:
    """Return whether an event matches a rule's pattern, as far as the template uses them."""
    if isinstance(pattern, dict):
        return all(name in event and matches(inner, event[name]) for name, inner in pattern.items())
    return any(_equals(choice, event) for choice in pattern)


def _equals(choice: Any, value: str) -> bool:
    if isinstance(choice, dict) and "prefix" in choice:
        return value.startswith(_plain(choice["prefix"]))
    return value == _plain(choice)


def _plain(value: Any) -> str:
    if value == {"Ref": "RawBucket"}:
        return "retailrec-rawbucket-example"
    if value == {"Ref": "AWS::StackName"}:
        return "retailrec"
    text = str(value["Fn::Sub"] if isinstance(value, dict) else value)
    pseudo = {
        "StackName": "retailrec", "Partition": "aws", "Region": "us-east-1", "AccountId": "123456789012",
    }  # fmt: skip
    for name, own in pseudo.items():
        text = text.replace(f"${{AWS::{name}}}", own)
    return text


@pytest.mark.parametrize("name", [name for name, event in EXAMPLES.items() if "detail-type" in event])
def test_an_example_is_understood(name: str) -> None:
    event = EXAMPLES[name]
    kind = event["detail-type"]
    if kind in OWN:
        assert OWN[kind].model_validate(event["detail"]).model_dump(mode="json") == event["detail"]
    else:
        aws_events.SHAPES[kind].model_validate(aws_events.Envelope.model_validate(event).detail)
        if kind in OF_AWS:
            OF_AWS[kind].model_validate(event)


def test_the_examples_are_what_the_command_writes(tmp_path: Path) -> None:
    write_events(tmp_path, Values())
    for written in tmp_path.glob("*.json"):
        assert written.read_bytes() == (FOLDER / written.name).read_bytes(), "run `make events`"
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize(
    "name",
    [
        "object-created",
        "object-created-append",
        "retraining-requested",
        "schedule",
        *(f"training-job-{end}" for end in ("completed", "failed", "stopped")),
        *(f"transform-job-{end}" for end in ("completed", "failed")),
        *(f"endpoint-{end}" for end in ("in-service", "failed")),
        *(f"model-package-{end}" for end in ("completed", "failed")),
        "deployment",
        "tuning-job-completed",
    ],
)
def test_there_is_an_example_of_every_outcome(name: str) -> None:
    assert name in EXAMPLES


def test_an_example_with_other_values_names_them_alone() -> None:
    values = Values(stack="shop", raw_bucket="in", key="a+b c.xlsx", run_id="f" * 16)
    made = json.dumps(examples(values))
    assert "a+b c.xlsx" in made
    assert "shop-ffffffffffffffff" in made
    assert "0123456789abcdef" not in made
    assert "retailrec-rawbucket-example" not in made


def test_every_own_event_has_an_example() -> None:
    assert {event.get("detail-type") for event in EXAMPLES.values()} >= set(OWN) | set(OF_AWS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_trigger_has_an_example_that_its_rule_matches(function: str) -> None:
    for trigger in FUNCTIONS[function]["Events"].values():
        properties = trigger["Properties"]
        if trigger["Type"] == "Api":
            found = [event for event in EXAMPLES.values() if event.get("resource") == properties["Path"]]
        elif trigger["Type"] == "Schedule":
            found = [EXAMPLES["schedule"]]
        else:
            found = [event for event in EXAMPLES.values() if matches(properties["Pattern"], event)]
        assert found, properties


def test_examples_name_nobody_and_nothing_real() -> None:
    text = json.dumps(EXAMPLES)
    assert set(re.findall(r"\b\d{12}\b", text)) <= {"123456789012"}
