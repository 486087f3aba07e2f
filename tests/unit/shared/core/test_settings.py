"""The environment is parsed once, and says what is wrong with it."""

import pytest
from pydantic import ValidationError

from retailrec_shared.core.settings import settings as read_settings
from tests.environment import ENVIRONMENT, settings


@pytest.mark.parametrize("changes", [{"algorithm_image_uri": ""}, {"algorithm_arn": "arn:aws:sagemaker:x"}])
def test_exactly_one_algorithm_is_asked_for(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="exactly one of ALGORITHM_ARN and ALGORITHM_IMAGE_URI"):
        settings(**changes)


def test_what_changes_a_result_is_in_the_runs_configuration() -> None:
    base = settings().run_configuration()
    for change in ({"cleaning_profile": "tutorial"}, {"split": "random"}, {"factors": 64}, {"top_n": 20}):
        assert settings(**change).run_configuration() != base, change
    assert settings(retained_runs=3, quality_floor=0.5).run_configuration() == base


def test_a_column_mapping_is_part_of_a_run_however_it_is_spelled_and_only_where_there_is_one() -> None:
    assert "column_mapping" not in settings().run_configuration()
    assert "column_mapping" not in settings(column_mapping="{}").run_configuration()
    spelled = [
        settings(column_mapping=' {"Item ID": "product_id", "customer_id": "household_id"}\n'),
        settings(column_mapping='{"customer_id":"household_id","StockCode":"product_id"}'),
    ]
    first, second = (each.run_configuration()["column_mapping"] for each in spelled)
    assert first == second == '{"customer_id": "household_id", "item_id": "product_id"}'


def test_a_files_own_mapping_replaces_the_stacks() -> None:
    stack = settings(column_mapping='{"item_id": "sku"}')
    own = stack.run_configuration('{"item_id": "product"}')
    assert own["column_mapping"] == '{"item_id": "product"}'
    assert "column_mapping" not in stack.run_configuration("{}")


def test_a_mapping_that_cannot_be_used_still_tells_runs_apart() -> None:
    assert settings(column_mapping="{nonsense").run_configuration()["column_mapping"] == "{nonsense"


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALGORITHM_ARN", "")
    monkeypatch.setenv("TOP_N", "")
    read_settings.cache_clear()
    assert read_settings().top_n == 10
    read_settings.cache_clear()
