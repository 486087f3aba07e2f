"""What clients read: fields that a later release adds are ignored, promised ones are required."""

import pytest
from pydantic import BaseModel, ValidationError

from retailrec_shared.contract.api_responses import Purchases, Recommendations, SimilarItems

RECOMMENDED = {"item_id": "85123A", "description": None, "score": 0.5, "source": "batch"}
RESPONSES: list[tuple[type[BaseModel], dict[str, object]]] = [
    (
        Recommendations,
        {"customer_id": "13085", "run_id": "r1", "source": "batch", "recommendations": [RECOMMENDED]},
    ),
    (
        SimilarItems,
        {
            "item_id": "22423",
            "run_id": "r1",
            "description": None,
            "source": "similar",
            "items": [RECOMMENDED],
        },
    ),
    (Purchases, {"customer_id": "13085", "run_id": "r1", "country": None, "total": 0, "purchases": []}),
]


@pytest.mark.parametrize(("model", "body"), RESPONSES)
def test_a_field_that_a_later_release_adds_is_ignored(
    model: type[BaseModel], body: dict[str, object]
) -> None:
    assert model.model_validate(body | {"added_later": 1}) == model.model_validate(body)
    with_item = {
        name: [each | {"added_later": 1} for each in value] if isinstance(value, list) else value
        for name, value in body.items()
    }
    assert model.model_validate(with_item) == model.model_validate(body)


def test_a_source_that_a_later_release_adds_is_kept_as_its_text() -> None:
    read = Recommendations.model_validate(RESPONSES[0][1] | {"source": "trending"})
    assert str(read.source) == "trending"
    assert read.personal
    with pytest.raises(ValidationError, match="source"):
        Recommendations.model_validate(RESPONSES[0][1] | {"source": 1})


@pytest.mark.parametrize(("model", "body"), RESPONSES)
def test_a_body_without_a_promised_field_is_refused(model: type[BaseModel], body: dict[str, object]) -> None:
    for name in body:
        with pytest.raises(ValidationError, match=name):
            model.model_validate({each: value for each, value in body.items() if each != name})
