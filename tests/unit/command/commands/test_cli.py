import subprocess
import sys

import pytest
from typer.testing import CliRunner

from retailrec.cli.verbs import app
from retailrec.client import laptop

HEAVY = "boto3 botocore httpx matplotlib pydantic numpy pyarrow local"


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from retailrec.cli.verbs import app;"
        "answer = CliRunner().invoke(app, ['--help']); assert answer.exit_code == 0, answer.output;"
        f"sys.exit(' '.join(set(sys.modules) & set({HEAVY!r}.split())))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.stderr.strip() == ""


@pytest.mark.parametrize(
    "command", [["runs"], ["status", "ab"], ["recommend", "1"], ["history", "1"], ["logs"]]
)
def test_without_a_cloud_each_command_says_what_to_do(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laptop, "running", lambda: None)
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert " ".join(answer.stderr.split()).startswith("The local cloud is not up: run `retailrec up`")


def test_a_missing_file_is_reported_before_any_request() -> None:
    answer = CliRunner().invoke(app, ["drop", "absent.xlsx"])
    assert answer.exit_code == 1
    assert "There is no file absent.xlsx" in answer.stderr


def test_a_fault_of_our_own_is_a_sentence_and_a_traceback_only_on_demand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise LookupError("spilled")

    monkeypatch.setattr(laptop, "running", broken)
    answer = CliRunner().invoke(app, ["runs"])
    assert answer.exit_code == 1
    assert "error of retailrec itself (LookupError: spilled)" in " ".join(answer.stderr.split())
    assert isinstance(CliRunner().invoke(app, ["--debug", "runs"]).exception, LookupError)
    assert isinstance(CliRunner(env={"RETAILREC_DEBUG": "1"}).invoke(app, ["runs"]).exception, LookupError)


def test_a_typing_error_is_explained_by_the_usage() -> None:
    answer = CliRunner().invoke(app, ["recommend", "13085", "--top-n", "1000"])
    assert answer.exit_code == 2
    assert "--top-n" in answer.stderr
