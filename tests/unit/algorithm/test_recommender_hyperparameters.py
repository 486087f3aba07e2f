from pathlib import Path

import pytest

from recommender.errors import UserError
from recommender.hyperparameters import Hyperparameters, parse_hyperparameters, read_hyperparameters


def test_the_defaults_are_the_contracts() -> None:
    chosen = parse_hyperparameters({})
    assert (chosen.factors, chosen.iterations) == (100, 100)
    assert (chosen.learning_rate, chosen.regularization) == (0.01, 0.01)
    assert chosen.verify_negative_samples is True


def test_values_arrive_as_strings() -> None:
    given = {
        "factors": "64",
        "learning_rate": "5e-2",
        "verify_negative_samples": "False",
        "use_gpu": "true",
        "seed": "7",
    }
    expected = Hyperparameters(
        factors=64, learning_rate=0.05, verify_negative_samples=False, use_gpu=True, seed=7
    )
    assert parse_hyperparameters(given) == expected


def test_names_that_tuning_jobs_add_are_passed_over() -> None:
    assert parse_hyperparameters({"_tuning_objective_metric": "p@k(10)"}) == Hyperparameters()


def test_unknown_names_are_refused_all_at_once() -> None:
    with pytest.raises(
        UserError, match=r"Unknown hyperparameter: epochs, factor\. Known are: algorithm, factors"
    ):
        parse_hyperparameters({"factor": "1", "epochs": "2", "factors": "3"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", "0"),
        ("factors", "1e2"),
        ("factors", "many"),
        ("iterations", "-1"),
        ("learning_rate", "0"),
        ("learning_rate", "nan"),
        ("learning_rate", "inf"),
        ("regularization", "-0.1"),
        ("verify_negative_samples", "yes"),
        ("use_gpu", ""),
        ("seed", "4294967296"),
        ("algorithm", "als"),
    ],
)
def test_values_out_of_range_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UserError, match=f"Hyperparameter {name} must be .*{value}"):
        parse_hyperparameters({name: value})


@pytest.mark.parametrize("content", ["{", "[1]", '"factors"'])
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "hyperparameters.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"hyperparameters\.json"):
        read_hyperparameters(path)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_hyperparameters(tmp_path / "hyperparameters.json") == Hyperparameters()
