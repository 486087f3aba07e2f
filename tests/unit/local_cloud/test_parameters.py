"""The parameters of `retailrec up` are held to the template before anything starts."""

import json
import subprocess
from pathlib import Path

import pytest

from local.cloud import lifecycle
from local.cloud.deployment import write_parameters
from local.cloud.errors import CloudError
from local.cloud.parameters import read_parameters
from local.cloud.state import REPOSITORY, Running


def test_parameters_are_read_as_the_template_knows_them() -> None:
    given = [
        "Algorithm=auto",
        "TopN=20",
        "RetrainSchedule=cron(0 3 * * ? *)",
        'ColumnMapping={"item_id": "a=b"}',
    ]
    assert read_parameters(given) == {
        "Algorithm": "auto",
        "TopN": "20",
        "RetrainSchedule": "cron(0 3 * * ? *)",
        "ColumnMapping": '{"item_id": "a=b"}',
    }
    assert read_parameters([]) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Algorithm", "write NAME=VALUE"),
        ("Algoritm=auto", "did you mean Algorithm?"),
        ("Zzz=1", "it has AlarmEmail, "),
        ("Algorithm=svd", "it takes bpr, implicit-bpr, als"),
        ("TopN=0", "at least 1 and at most 100"),
        ("TopN=many", "it takes a number"),
        ("TopN=nan", "it takes a number"),
        ("EndpointMemoryMb=1000", "it takes 1024, 2048"),
        ("Factors=-3", "Length of the model's user and item vectors"),
        ("AlgorithmImageUri=mine", "--algorithm-arn"),
    ],
)
def test_what_the_template_would_refuse_is_refused_with_what_to_write(given: str, said: str) -> None:
    with pytest.raises(CloudError, match=r".*") as refusal:
        lifecycle.up(lambda _line: None, parameters=[given])
    assert said in str(refusal.value)


def test_sam_reads_what_is_written(tmp_path: Path) -> None:
    given = {
        "ColumnMapping": json.dumps({"item_id": 'the "item", x=y', "price": "é\\ \\'"}),
        "RetrainSchedule": "cron(0 3 * * ? *)",
    }
    state = Running(
        aws_url="http://127.0.0.1:1",
        sagemaker_url="http://127.0.0.1:2",
        state_dir=tmp_path,
        started_at="x",
        parameters=given,
    )
    reads = "import json, sys; from samcli.cli.types import CfnParameterOverridesType as Type; "
    reads += "print(json.dumps(Type().convert([sys.argv[1]], None, None)))"
    sam = [str(REPOSITORY / ".venv-sam" / "bin" / "python"), "-c", reads]
    read = subprocess.run(
        [*sam, f"file://{write_parameters(state)}"], capture_output=True, text=True, check=True
    )
    assert json.loads(read.stdout).items() >= given.items()
