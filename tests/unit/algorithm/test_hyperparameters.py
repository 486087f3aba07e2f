from dataclasses import asdict
from pathlib import Path

import pytest

from recommender.errors import UserError
from recommender.hyperparameters import Hyperparameters, parse_hyperparameters, read_hyperparameters


def test_what_is_not_given_is_left_to_the_algorithm() -> None:
    chosen = parse_hyperparameters({})
    assert (chosen.algorithm, chosen.refit, chosen.recency, chosen.marketplace_twin) == (
        "bpr",
        True,
        "auto",
        False,
    )
    rest = {name for name, value in asdict(chosen).items() if value is not None}
    assert rest == {"algorithm", "refit", "recency", "marketplace_twin"}


def test_every_hyperparameter_can_be_given() -> None:
    given = {
        "algorithm": "auto",
        "negative_sampling": "popularity",
        "negative_pool": "16",
        "item_bias": "false",
        "learning_rate_decay": "true",
        "early_stopping": "TRUE",
        "validation_fraction": "0.1",
        "alpha": "40",
        "ease_lambda": "1e3",
        "top_k": "200",
        "refit": "false",
        "recency": "2.5",
        "time_budget_seconds": "90",
        "marketplace_twin": "true",
    }
    chosen = parse_hyperparameters(given)
    assert (chosen.negative_sampling, chosen.negative_pool, chosen.item_bias) == ("popularity", 16, False)
    assert (chosen.learning_rate_decay, chosen.early_stopping, chosen.validation_fraction) == (
        True,
        True,
        0.1,
    )
    assert (chosen.alpha, chosen.ease_lambda, chosen.top_k) == (40, 1000, 200)
    assert (chosen.refit, chosen.recency, chosen.time_budget_seconds) == (False, 2.5, 90)
    assert parse_hyperparameters({"recency": "off"}).recency == "off"


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
        ("algorithm", "svd"),
        ("negative_sampling", "hard"),
        ("negative_pool", "0"),
        ("validation_fraction", "0.9"),
        ("alpha", "0"),
        ("ease_lambda", "-1"),
        ("top_k", "0"),
        ("refit", "maybe"),
        ("recency", "on"),
        ("recency", "-1"),
        ("recency", "nan"),
        ("time_budget_seconds", "0"),
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
