"""`make aws-smoke`: its order, what it does after a failure, and what its report does not hold."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from retailrec.client.problems import Problem
from scripts.smoke import __main__ as program
from scripts.smoke import places, report
from scripts.smoke.places import Aws
from scripts.smoke.record import Facts, Record
from scripts.smoke.steps import Steps as RealSteps

FORWARD, BACK = ["account", "image", "deploy", "API"], ["destroy", "nothing left"]


class Steps:
    """Steps that only say that they were taken; those in ``broken`` fail."""

    def __init__(self) -> None:
        self.taken, self.broken, self.asked = list[str](), set[str](), list[str]()

    def __call__(self, *_: object) -> "Steps":
        return self

    def forward(self) -> Mapping[str, Callable[[], Facts]]:
        return {name: lambda name=name: self._take(name) for name in FORWARD}  # type: ignore[misc]

    def back(self) -> Mapping[str, Callable[[], Facts]]:
        return {name: lambda name=name: self._take(name) for name in BACK}  # type: ignore[misc]

    def _take(self, name: str) -> Facts:
        self.taken.append(name)
        if name in self.broken:
            raise Problem(f"{name} is broken")
        return {"step": name}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    made = Steps()
    monkeypatch.setattr(program, "Steps", made)
    return made


@pytest.fixture
def run(steps: Steps, tmp_path: Path) -> Callable[..., bool]:
    """Begin the test, or go on with it, as the command does; ``answers`` are those of a person."""

    def begin(*answers: bool) -> bool:
        given = iter(answers)

        def ask(question: str) -> bool:
            steps.asked.append(question)
            return next(given)

        record = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")
        return program.smoke(Aws.__new__(Aws), record, ask, lambda _line: None)

    return begin


def test_every_step_is_taken_once_and_then_everything_is_removed(
    steps: Steps, run: Callable[..., bool]
) -> None:
    assert run(True)
    assert steps.taken == [*FORWARD, *BACK]
    assert "costs about" in steps.asked[0], "nothing is paid before somebody agrees"


def test_nothing_happens_without_consent(steps: Steps, run: Callable[..., bool]) -> None:
    assert not run(False)
    assert steps.taken == []


def test_after_a_failure_everything_is_removed_if_somebody_agrees(
    steps: Steps, run: Callable[..., bool]
) -> None:
    steps.broken = {"deploy"}
    assert not run(True, True), "a test that failed has failed, however well it was cleaned up"
    assert steps.taken == ["account", "image", "deploy", *BACK]


def test_otherwise_the_same_command_goes_on_where_it_stopped(steps: Steps, run: Callable[..., bool]) -> None:
    steps.broken = {"deploy"}
    assert not run(True, False)
    assert steps.taken == ["account", "image", "deploy"]
    steps.broken, steps.taken = set(), []
    assert run()
    assert steps.taken == ["deploy", "API", *BACK]


def test_a_stack_that_was_there_before_is_not_removed(steps: Steps, run: Callable[..., bool]) -> None:
    steps.broken = {"account"}
    assert not run(True)
    assert steps.taken == ["account"]


def test_an_interrupted_step_is_taken_again(tmp_path: Path) -> None:
    record = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")

    def stop() -> Facts:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record.take("deploy", stop)
    again = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")
    assert (again.passed("deploy"), [each.problem for each in again.failed()]) == (False, ["interrupted"])


def test_a_record_of_another_region_is_not_gone_on_with(tmp_path: Path) -> None:
    record = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")
    record.take("account", dict)
    with pytest.raises(Problem, match="is of eu-west-1"):
        Record.begin(tmp_path / "record.json", "shop", "us-east-1")


SECRETS: Mapping[str, str] = {
    "account": "123456789012", "key": "AKIAIOSFODNN7EXAMPLE", "session": "ASIAIOSFODNN7EXAMPLE",
    "secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "person": "ada.lovelace", "mail": "ada@example.com",
    "api": "a1b2c3d4e5",
}  # fmt: skip


def test_a_report_can_be_sent_in(tmp_path: Path) -> None:
    record = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")
    found: dict[str, Any] = {
        "image": f"{SECRETS['account']}.dkr.ecr.eu-west-1.amazonaws.com/retailrec-algorithm:3f2a",
        "nested": [{"arn": f"arn:aws:iam::{SECRETS['account']}:user/{SECRETS['person']}"}],
        "url": f"https://{SECRETS['api']}.execute-api.eu-west-1.amazonaws.com/v1",
    }
    record.take("image", lambda: found)

    def fail() -> Facts:
        raise Problem(
            f"User arn:aws:sts::{SECRETS['account']}:assumed-role/admin/{SECRETS['person']} with "
            f"{SECRETS['key']}, {SECRETS['session']} is not authorized | SecretAccessKey={SECRETS['secret']} "
            f"{SECRETS['mail']}"
        )

    record.take("deploy", fail)
    page, data = report.write(record, tmp_path / "report")
    for path in (page, data):
        text = path.read_text(encoding="utf-8")
        assert not [name for name, secret in SECRETS.items() if secret in text]
    read = json.loads(data.read_text(encoding="utf-8"))
    assert [step["name"] for step in read["steps"]] == ["image", "deploy"]
    assert read["passed"] is False
    assert "## deploy failed" in page.read_text(encoding="utf-8")
    assert "retailrec-algorithm:3f2a" in page.read_text(encoding="utf-8")


def test_without_credentials_it_says_what_is_missing_and_begins_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(program, "ROOT", tmp_path)
    with pytest.raises(SystemExit) as ended:
        program.main("shop", yes=True)
    assert ended.value.code == 1
    assert "Unable to locate credentials" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_checklist_in_the_docs_names_the_steps_that_there_are(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "deploy.md").read_text(encoding="utf-8")
    table = page.split("| only an account shows | step of `make aws-smoke` |\n|---|---|\n")[1].split("\n\n")[
        0
    ]
    named = {step.strip() for line in table.splitlines() for step in line.split("|")[2].split(",")}
    steps = RealSteps(Aws.__new__(Aws), Record.begin(tmp_path / "record.json", "shop", "eu-west-1"), print)
    assert {*steps.forward(), *steps.back()} - named == {"account", "build"}
    assert named - {*steps.forward(), *steps.back()} == {"every step"}


def test_a_test_that_ended_is_put_away(tmp_path: Path) -> None:
    record = Record.begin(tmp_path / "record.json", "shop", "eu-west-1")
    record.take("nothing left", dict)
    record.finish()
    assert Record.begin(tmp_path / "record.json", "shop", "us-east-1").outcomes == []


def test_sam_is_given_the_place_and_no_configuration_of_another_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[list[str]]()
    monkeypatch.setattr(places, "_run", lambda command, _log: ran.append(list(command)))
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    place = Aws("shop", tmp_path / "shop")
    place.build()
    place.deploy("image:1")
    for command in ran:
        own = command[command.index("--config-file") + 1]
        assert Path(own).read_text() == "version = 0.1\n"
    deploy = ran[-1]
    assert deploy[deploy.index("--region") + 1] == "eu-west-3"
    assert deploy[deploy.index("--stack-name") + 1] == "shop"
    assert "AlgorithmImageUri=image:1" in deploy
