import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.data.ids import SortedIds
from recommender.fitting.fitted import Fitted
from recommender.model.artifact_checks import BASE, FACTORS, WEIGHTS
from recommender.model.model import Model, ModelError, load_model, save_model
from recommender.serve.queries import Query
from recommender.serve.recommend import recommend
from tests.unit.algorithm.conftest import USERS, build

ODD_IDS = sorted(["00123", "123", "85123A", "1e5", "ü", "🎁", "\uffff", "a,b", 'a"b', "a\nb", "a\x00"])
OF_FACTORS = [*BASE, *FACTORS, "fold_in", "recency"]


@pytest.fixture
def saved(tmp_path: Path, model: Model) -> Path:
    save_model(tmp_path / "model", model, {"algorithm": "bpr", "pairs": 2}, {"p@k(10)": 0.25})
    return tmp_path / "model"


@pytest.fixture
def saved_weights(tmp_path: Path, weighted_model: Model) -> Path:
    save_model(tmp_path / "weights", weighted_model, {"algorithm": "ease"}, {})
    return tmp_path / "weights"


def answers(model: Model) -> list[list[Any]]:
    queries = [Query(user) for user in USERS]
    queries += [Query(user, exclude_purchased=False) for user in USERS]
    queries += [Query(None, items=("1e5",)), Query(None, similar_to="1e5")]
    return [[values.tolist() for values in recommend(model, query)] for query in queries]


def test_ids_are_found_and_given_back_as_they_were() -> None:
    ids = SortedIds.of(ODD_IDS)
    assert list(ids) == ODD_IDS
    assert [ids.find(name) for name in ODD_IDS] == list(range(len(ODD_IDS)))


@pytest.mark.parametrize("absent", ["", "0", "00123 ", "1e50", "zzz", "\U0010ffff", "\ud800"])
def test_an_absent_id_is_nowhere(absent: str) -> None:
    assert SortedIds.of(ODD_IDS).find(absent) is None


def test_a_model_recommends_the_same_after_a_round_trip(saved: Path, model: Model) -> None:
    assert answers(load_model(saved)) == answers(model)
    assert json.loads((saved / "metrics.json").read_text()) == {"p@k(10)": 0.25}
    assert json.loads((saved / "model.json").read_text())["algorithm"] == "bpr"


def test_a_model_of_item_weights_recommends_the_same_after_a_round_trip(
    saved_weights: Path, weighted_model: Model
) -> None:
    assert answers(load_model(saved_weights)) == answers(weighted_model)


def test_a_model_without_users_that_bought_may_be_saved(tmp_path: Path) -> None:
    empty = csr_matrix((5, 5), dtype=np.float32)
    model = build(USERS, list("abcde"), Fitted(item_weights=empty))
    save_model(tmp_path, model, {}, {})
    assert recommend(load_model(tmp_path), Query(USERS[1], 2))[0].tolist() == [0, 1]


def test_the_folder_holds_plain_arrays_and_json_alone(saved: Path, saved_weights: Path) -> None:
    for folder, arrays in ((saved, OF_FACTORS), (saved_weights, [*BASE, *WEIGHTS, "recency"])):
        files = {path.name for path in folder.iterdir()}
        assert files == {f"{name}.npy" for name in arrays} | {"model.json", "metrics.json"}
        for name in arrays:
            assert not np.load(folder / f"{name}.npy", allow_pickle=False).dtype.hasobject


def test_its_size_is_as_documented(saved: Path) -> None:
    users, items, factors, pairs = 3, 5, 2, 2
    text = sum(len(name.encode()) for name in [*load_model(saved).user_ids, *load_model(saved).item_ids])
    documented = 16 * users + 16 * items + 16 + 8 + text + 12 * pairs
    documented += 4 * factors * (users + items) + 4 * factors**2
    header = 128
    found = sum(path.stat().st_size - header for path in saved.glob("*.npy"))
    assert found == documented


def test_arrays_are_mapped_not_read(saved: Path) -> None:
    factors = load_model(saved).user_factors
    assert factors is not None
    assert isinstance(factors.base, np.memmap)
    assert not factors.flags.writeable


def test_a_pickle_in_disguise_is_refused(saved: Path, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "harmed"),)

    np.save(saved / "user_factors.npy", np.array([Harm()], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="no usable model"):
        load_model(saved)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("name", OF_FACTORS)
def test_an_array_that_does_not_fit_the_others_is_refused(saved: Path, name: str) -> None:
    values = np.load(saved / f"{name}.npy")
    np.save(saved / f"{name}.npy", values[:-1])
    with pytest.raises(ModelError, match="damaged"):
        load_model(saved)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_do_not_fit_are_refused(saved_weights: Path, name: str) -> None:
    values = np.load(saved_weights / f"{name}.npy")
    np.save(saved_weights / f"{name}.npy", values[:-1])
    with pytest.raises(ModelError, match="damaged"):
        load_model(saved_weights)


@pytest.mark.parametrize("name", OF_FACTORS)
@pytest.mark.parametrize("harm", ["cut", "emptied", "removed", "another type", "another shape", "text"])
def test_a_damaged_file_is_refused(saved: Path, name: str, harm: str) -> None:
    path = saved / f"{name}.npy"
    values = np.load(path)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "emptied":
        path.write_bytes(b"")
    elif harm == "removed":
        path.unlink()
    elif harm == "text":
        path.write_text("user_id,item_id\n")
    else:
        np.save(path, values.astype(np.float64) if harm == "another type" else values[None])
    with pytest.raises(ModelError, match=r"no usable model|damaged"):
        load_model(saved)


@pytest.mark.parametrize(
    ("name", "place", "value", "sentence"),
    [
        ("user_factors", 0, np.nan, "user_factors .*finite"),
        ("recency", 0, np.inf, "recency .*finite"),
        ("purchased_indices", 0, 5, "purchased indices"),
        ("purchased_indices", 0, -1, "purchased indices"),
        ("purchased_indptr", 1, 99, "purchased indices"),
        ("item_offsets", 1, -1, "item ids"),
        ("user_ids", 0, 0xFF, "user ids"),
        ("user_offsets", 0, 1, "user ids"),
    ],
)
def test_values_that_would_break_requests_are_refused(
    saved: Path, name: str, place: int, value: float, sentence: str
) -> None:
    values = np.load(saved / f"{name}.npy")
    values.flat[place] = value
    np.save(saved / f"{name}.npy", values)
    with pytest.raises(ModelError, match=sentence):
        load_model(saved)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i4",
        "  x\n y",
        "(" * 5_000 + ")" * 5_000,
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1180591620717411303424,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1099511627776,)}",
        "{'descr': ('<i4', (10**9,)), 'fortran_order': False, 'shape': (1,)}",
        "__import__('os').abort()",
    ],
)
def test_an_array_with_a_hostile_header_is_refused(saved: Path, header: str) -> None:
    length = len(header) + 1
    prefix = b"\x93NUMPY\x02\0" + length.to_bytes(4, "little")
    (saved / "item_popularity.npy").write_bytes(prefix + header.encode() + b"\n" + bytes(400))
    with pytest.raises(ModelError, match="no usable model"):
        load_model(saved)


def test_an_id_must_not_begin_within_a_character(tmp_path: Path) -> None:
    model = build(USERS, sorted(["a", "b", "c", "ü", "ö"]), Fitted(item_weights=csr_matrix(np.eye(5))))
    save_model(tmp_path, model, {}, {})
    offsets = np.load(tmp_path / "item_offsets.npy")
    offsets[-2] += 1
    np.save(tmp_path / "item_offsets.npy", offsets)
    with pytest.raises(ModelError, match="item ids"):
        load_model(tmp_path)


@pytest.mark.parametrize("version", [1, 99, "2", None])
def test_a_model_of_another_schema_is_refused_with_what_to_do(saved: Path, version: Any) -> None:
    (saved / "model.json").write_text(json.dumps({"schema_version": version}))
    with pytest.raises(
        ModelError, match=rf"schema version is {version!r}; this program reads 2\. Train it again"
    ):
        load_model(saved)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "[" * 100_000, '{"schema_version": 2}', '{"schema_version": 2, "arrays": 7}', None],
)
def test_a_folder_without_a_description_is_no_model(saved: Path, content: str | None) -> None:
    path = saved / "model.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ModelError, match="no usable model"):
        load_model(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"arrays": ["../../etc/passwd"]},
        {"arrays": [*OF_FACTORS, "more"]},
        {"arrays": list(BASE)},
        {"arrays": [*OF_FACTORS, *WEIGHTS]},
        {"recency_weight": "1"},
        {"recency_weight": float("nan")},
        {"recency_weight": float("-inf")},
        {"recency_weight": 10**400},
        {"has_item_bias": 1},
        {"users": 4},
    ],
)
def test_a_description_that_does_not_fit_is_refused(saved: Path, change: dict[str, Any]) -> None:
    path = saved / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=r"no usable model|damaged"):
        load_model(saved)
