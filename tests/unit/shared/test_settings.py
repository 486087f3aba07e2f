"""The environment is parsed once, and says what is wrong with it."""

import pytest
from pydantic import ValidationError

from retailrec_shared.settings import settings as read_settings
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


def test_empty_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALGORITHM_ARN", "")
    monkeypatch.setenv("TOP_N", "")
    read_settings.cache_clear()
    assert read_settings().top_n == 10
    read_settings.cache_clear()
