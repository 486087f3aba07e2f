import numpy as np
import pytest

from recommender.data.interactions import Interactions
from recommender.fitting.histories import build_history


def test_a_pair_is_as_old_as_its_last_purchase_from_the_newest_row_of_all() -> None:
    users, items = np.array([0, 0, 0, 1], dtype=np.int32), np.array([1, 1, 0, 0], dtype=np.int32)
    times = np.array([0.0, 75.0, np.nan, 100.0])
    history = build_history(Interactions(["a", "b"], ["x", "y"], users, items, times))
    # In the order of the matrix: a took x at no known time and y last at 75; b took x at 100.
    assert history.ages == pytest.approx([1, 0.25, 0])


def test_without_times_no_pair_has_an_age() -> None:
    codes = np.array([0, 0], dtype=np.int32)
    assert build_history(Interactions(["a"], ["x"], codes, codes)).ages is None


@pytest.mark.parametrize("strange", [0.0, 4e9], ids=["1970", "2096"])
def test_one_wrong_time_does_not_stretch_the_scale_of_all(strange: float) -> None:
    rows = 200
    users, items = np.arange(rows, dtype=np.int32) % 20, np.arange(rows, dtype=np.int32) // 20
    times = np.linspace(1.6e9, 1.601e9, rows)
    names = [f"{number:02d}" for number in range(20)]
    sound = build_history(Interactions(names, names[:10], users, items, times))
    times[77] = strange
    history = build_history(Interactions(names, names[:10], users, items, times))
    assert sound.ages is not None
    assert history.ages is not None
    others = np.arange(rows) != users[77] * 10 + items[77]
    assert history.ages[others] == pytest.approx(sound.ages[others])
    assert history.ages[~others] == [1.0 if strange == 0 else 0.0]
    assert history.recency is not None
    assert history.recency.std() > 0.1


def test_a_quiet_beginning_is_no_wrong_time() -> None:
    # One sale a day at first, hundreds at last: all of the log's length counts.
    times = np.concatenate([np.arange(30) * 86400.0, 20 * 86400.0 + np.linspace(0, 10 * 86400, 970)])
    codes = np.arange(1000, dtype=np.int32)
    names = [f"{number:03d}" for number in range(1000)]
    ages = build_history(Interactions(names, ["x"], codes, np.zeros(1000, np.int32), times)).ages
    assert ages is not None
    assert ages[:2] == pytest.approx([1, 29 / 30])


def test_a_few_rows_at_another_time_are_kept() -> None:
    codes = np.arange(500, dtype=np.int32)
    names = [f"{number:03d}" for number in range(500)]
    times = np.where(codes == 7, 0.0, 1e9)
    ages = build_history(Interactions(names, ["x"], codes, np.zeros(500, np.int32), times)).ages
    assert ages is not None
    assert (ages == (codes == 7)).all()
