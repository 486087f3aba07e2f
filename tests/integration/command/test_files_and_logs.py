import time
from pathlib import Path

import boto3

from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_server import FakeServer


def test_a_file_is_generated_the_same_for_the_same_seed(retailrec: Invoke, tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one.csv", "two.csv", "other.csv"))
    answer = retailrec("generate", one, "--rows", 1000, "--seed", 7)
    assert answer.exit_code == 0, answer.output
    assert "1,000 rows" in answer.stdout
    retailrec("generate", two, "--rows", 1000, "--seed", 7)
    retailrec("generate", other, "--rows", 1000, "--seed", 8)
    assert len(one.read_text().splitlines()) == 1001
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes() != other.read_bytes()


def test_a_file_without_a_format_is_refused(retailrec: Invoke, tmp_path: Path) -> None:
    answer = retailrec("generate", tmp_path / "rows.txt")
    assert answer.exit_code == 1
    assert "use one of the suffixes .xlsx, .csv" in words(answer.stderr)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_lines_of_the_log_are_shown_the_oldest_first(retailrec: Invoke, stack: FakeServer) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/retailrec/shop/functions")
    logs.create_log_stream(logGroupName="/retailrec/shop/functions", logStreamName="one")
    now = round(time.time() * 1000)
    events = [{"timestamp": now - 1000 * age, "message": f"{age} s ago"} for age in (3600, 30, 20, 10)]
    logs.put_log_events(logGroupName="/retailrec/shop/functions", logStreamName="one", logEvents=events)
    lines = retailrec("logs", "--limit", 2, "--stack", "shop").stdout.splitlines()
    assert [line.split("Z ", 1)[1] for line in lines] == ["20 s ago", "10 s ago"]
