import json
from pathlib import Path

import numpy as np
import pytest

from recommender.ids import SortedIds
from recommender.model import ARRAYS, Model, ModelError, load_model, save_model
from recommender.recommend import recommend

ODD_IDS = sorted(["00123", "123", "85123A", "1e5", "ü", "🎁", "\uffff", "a,b", 'a"b', "a\nb", "a\x00"])


@pytest.fixture
def saved(tmp_path: Path, model: Model) -> Path:
    save_model(tmp_path / "model", model, {"pairs": 2}, {"p@k(10)": 0.25})
    return tmp_path / "model"


def test_ids_are_found_and_given_back_as_they_were() -> None:
    ids = SortedIds.of(ODD_IDS)
    assert list(ids) == ODD_IDS
    assert [ids.find(name) for name in ODD_IDS] == list(range(len(ODD_IDS)))


@pytest.mark.parametrize("absent", ["", "0", "00123 ", "1e50", "zzz", "\U0010ffff", "\ud800"])
def test_an_absent_id_is_nowhere(absent: str) -> None:
    assert SortedIds.of(ODD_IDS).find(absent) is None


def test_a_model_recommends_the_same_after_a_round_trip(saved: Path, model: Model) -> None:
    loaded = load_model(saved)
    for user in model.user_ids:
        expected = recommend(model, user, 5, exclude_purchased=True)
        assert recommend(loaded, user, 5, exclude_purchased=True) == expected
    assert json.loads((saved / "metrics.json").read_text()) == {"p@k(10)": 0.25}


def test_the_folder_holds_plain_arrays_and_json_alone(saved: Path) -> None:
    files = {path.name for path in saved.iterdir()}
    assert files == {f"{name}.npy" for name in ARRAYS} | {"model.json", "metrics.json"}
    for name in ARRAYS:
        assert not np.load(saved / f"{name}.npy", allow_pickle=False).dtype.hasobject


def test_arrays_are_mapped_not_read(saved: Path) -> None:
    assert isinstance(load_model(saved).user_factors.base, np.memmap)


def test_a_pickle_in_disguise_is_refused(saved: Path) -> None:
    np.save(saved / "user_factors.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="no usable model"):
        load_model(saved)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_does_not_fit_the_others_is_refused(saved: Path, name: str) -> None:
    values = np.load(saved / f"{name}.npy")
    np.save(saved / f"{name}.npy", values[:-1])
    with pytest.raises(ModelError, match="damaged"):
        load_model(saved)


def test_a_model_of_a_later_schema_is_refused(saved: Path) -> None:
    (saved / "model.json").write_text('{"schema_version": 99}')
    with pytest.raises(ModelError, match="schema version is 99; this program reads 1"):
        load_model(saved)


@pytest.mark.parametrize("content", ["", "[]", "{}", None])
def test_a_folder_without_a_description_is_no_model(saved: Path, content: str | None) -> None:
    path = saved / "model.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ModelError, match="no usable model"):
        load_model(saved)
