"""What the docs say to type for a parameter is what the SAM CLI passes on, and the template takes it."""

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from retailrec.doctor.deployment.overrides import read_overrides
from retailrec_shared.core.column_mapping import ColumnMapping
from tests.environment import read_template

ROOT = Path(__file__).parents[2]
PARAMETERS = read_template()["Parameters"]
PATTERN = PARAMETERS["ColumnMapping"]["AllowedPattern"]
READS = (
    "import json, sys; from samcli.cli.types import CfnParameterOverridesType as Type; "
    "print(json.dumps([Type().convert(each, None, None) for each in json.loads(sys.argv[1])]))"
)


def as_sam_reads(*given: object) -> list[dict[str, str]]:
    program = [str(ROOT / ".venv-sam/bin/python"), "-c", READS, json.dumps(given)]
    read: list[dict[str, str]] = json.loads(subprocess.run(program, capture_output=True, check=True).stdout)
    return read


def documented() -> tuple[list[str], str]:
    """Return the parameters of the documented command, and the documented line of samconfig.toml."""
    text = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ *(sam deploy .*ColumnMapping.*)$", text, re.M)
    (line,) = re.findall(r"^ *(parameter_overrides = .*ColumnMapping.*)$", text, re.M)
    words = shlex.split(command)
    return words[words.index("--parameter-overrides") + 1 :], tomllib.loads(line)["parameter_overrides"]


def test_what_the_docs_say_to_type_reaches_the_functions() -> None:
    words, line = documented()
    in_json = {"ColumnMapping": json.dumps({"price": "a=b, c"})}
    *simple, by_file = as_sam_reads(words, line, [line, "TopN=20"], {"ColumnMapping": "price=€"}, in_json)
    for read in simple[:3]:
        assert re.fullmatch(PATTERN, read["ColumnMapping"])
        headers = ColumnMapping.parse(read["ColumnMapping"]).headers()
        assert headers == {"customer_id": "Household ID", "item_id": "product_id"}
    assert re.fullmatch(PATTERN, simple[3]["ColumnMapping"])
    assert ColumnMapping.parse(by_file["ColumnMapping"]).headers() == {"price": "a=b, c"}


def test_sam_reads_every_parameter_of_every_documented_command() -> None:
    documented_words = [
        shlex.split(command.partition("--parameter-overrides")[2])
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        for command in re.findall(r"sam deploy [^`\n]*--parameter-overrides [^`\n]+", path.read_text("utf-8"))
    ]
    assert len(documented_words) >= 6
    for words, read in zip(documented_words, as_sam_reads(*documented_words), strict=True):
        assert list(read) == [word.partition("=")[0] for word in words]
        assert set(read) <= set(PARAMETERS)


def test_the_doctor_reads_samconfig_as_sam_does() -> None:
    given: list[object] = [
        'ColumnMapping="customer_id=Household ID,item_id=sku" TopN=20',
        "RetrainSchedule='cron(0 3 * * ? *)'   TopN=20",
        r"ColumnMapping=price=two\ words Algorithm=auto",
        ["TopN=20", 'AlgorithmImageUri=""'],
        "ParameterKey=TopN,ParameterValue=20 ParameterKey=ColumnMapping,ParameterValue='a b'",
        {"TopN": 20, "ColumnMapping": "price=a b", "AlgorithmArn": None, "UploaderPrincipalArns": ["a", "b"]},
        "ColumnMapping=price=Preis (€) TopN=20",
        "",
    ]
    assert [read_overrides(each) for each in given] == as_sam_reads(*given)
    for wrong in ("AlgorithmImageUri=", "TopN", 5):
        with pytest.raises(ValueError, match="parameter_overrides"):
            read_overrides(wrong)


def test_json_that_sam_has_cut_is_refused_before_anything_is_deployed() -> None:
    (read,) = as_sam_reads(['ColumnMapping={"customer_id": "household_id"}'])
    assert not re.fullmatch(PATTERN, read["ColumnMapping"])


def test_the_template_refuses_what_the_functions_would_refuse() -> None:
    for text in ("customer_id", "customer_id=a,b", "customer_id=a=b", "customer_id=a,", "=a", "customer_id="):
        assert not re.fullmatch(PATTERN, text), text
