"""In a tuning job, a training logs its metric on the validation slice of its rows before it continues."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.folders import Folders
from recommender.hyperparameters import OBJECTIVE, VALIDATION_METRIC, parse_hyperparameters
from recommender.train import program

HEADER = "user_id,item_id,timestamp"
Lines = list[str]


def rows(first: int, last: int, seed: int) -> Lines:
    """Users of two tastes buy items of theirs on some days."""
    rng = np.random.default_rng(seed)
    return [
        f"u{user},i{user % 2 + 2 * rng.integers(12)},2011-01-{day:02}"
        for user in range(30)
        for day in range(first, last)
        for _ in range(1 + user % 2)
    ]


@pytest.fixture
def job(
    folders: Folders,
    monkeypatch: pytest.MonkeyPatch,
    write_channel: Callable[..., Path],
    write_hyperparameters: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Lines]:
    """Train, and return the lines of the log."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(folders.base))
    monkeypatch.setenv("SM_NUM_CPUS", "1")  # one thread and one seed give one model
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def train(
        testing: Lines | None = None, training: Lines | None = None, expected: int = 0, **hyperparameters: str
    ) -> Lines:
        write_channel("training", [HEADER, *(training or rows(1, 11, 1))])
        write_channel("testing", [HEADER, *(testing or rows(11, 14, 2))])
        write_hyperparameters(**{"factors": "4", "seed": "1"} | hyperparameters)
        assert program.main() == expected
        return capsys.readouterr().out.splitlines()

    return train


def values(lines: Lines) -> list[float]:
    shape = re.compile(re.escape(f"metric: {VALIDATION_METRIC} = ") + r"([0-9.]+)")
    return [float(found[1]) for line in lines if (found := shape.fullmatch(line))]


@pytest.mark.parametrize("algorithm", ["bpr", "implicit-bpr", "als", "ease", "auto"])
def test_the_validation_metric_is_logged_once_before_anything_is_evaluated(
    job: Callable[..., Lines], algorithm: str
) -> None:
    lines = job(algorithm=algorithm, iterations="20", **{OBJECTIVE: VALIDATION_METRIC})
    (logged,) = values(lines)
    assert 0 < logged <= 1
    first_of_test = next(n for n, line in enumerate(lines) if line.startswith("metric: p@k(10) = "))
    last_logged = max(n for n, line in enumerate(lines) if VALIDATION_METRIC in line)
    assert last_logged < first_of_test, "a search may stop a job before it evaluates and fits again"


def test_other_jobs_do_not_log_it(job: Callable[..., Lines]) -> None:
    assert values(job(iterations="20")) == []
    assert values(job(iterations="20", **{OBJECTIVE: "p@k(10)"})) == []


def test_held_out_rows_do_not_move_it(job: Callable[..., Lines], folders: Folders) -> None:
    asked = {"iterations": "20", OBJECTIVE: VALIDATION_METRIC}
    first = values(job(**asked))
    before = json.loads((folders.model / "metrics.json").read_text())["ndcg@20_new_items"]
    second = values(job(rows(11, 14, 99), **asked))
    after = json.loads((folders.model / "metrics.json").read_text())["ndcg@20_new_items"]
    assert first == second
    assert before != after


def test_a_default_fit_is_measured_whole_not_in_brief(job: Callable[..., Lines]) -> None:
    lines = job(**{OBJECTIVE: VALIDATION_METRIC})
    whole = values(job(iterations="60", **{OBJECTIVE: VALIDATION_METRIC}))
    assert values(lines) == whole
    assert values(lines) != values(job(iterations="20", **{OBJECTIVE: VALIDATION_METRIC}))


def test_without_older_and_newer_rows_of_anybody_it_says_so(
    folders: Folders, job: Callable[..., Lines]
) -> None:
    job(training=["u1,i1,2011-01-01"], expected=1, **{OBJECTIVE: VALIDATION_METRIC})
    assert "hyperparameters cannot be tuned" in folders.failure.read_text()


def test_only_the_metric_of_the_slice_asks_for_it() -> None:
    assert parse_hyperparameters({OBJECTIVE: VALIDATION_METRIC}).validates
    assert not parse_hyperparameters({OBJECTIVE: "p@k(10)"}).validates
