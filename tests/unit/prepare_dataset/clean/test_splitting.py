from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from prepare_dataset.clean.splitting import split_at_random, split_by_time, split_rows
from retailrec_shared.core.errors import Rejected


@pytest.mark.parametrize("rows", [2, 3, 10, 11, 997, 824_364])
def test_the_random_split_is_scikit_learns_row_for_row(rows: int) -> None:
    train, test = train_test_split(np.arange(rows), train_size=0.7, random_state=41)
    ours = split_at_random(rows)
    assert np.array_equal(ours.train, train)
    assert np.array_equal(ours.test, test)


def test_the_newest_fifth_is_the_test_set_in_file_order() -> None:
    split = split_by_time(np.array([50, 10, 90, 20, 30, 40, 60, 100, 70, 80]))
    assert split.test.tolist() == [2, 7]
    assert split.train.tolist() == [0, 1, 3, 4, 5, 6, 8, 9]
    assert split.cut_time == datetime(1970, 1, 1, 0, 1, 30)


def test_rows_of_one_time_are_never_parted() -> None:
    split = split_by_time(np.array([1, 5, 5, 5, 5]))
    assert split.test.tolist() == [1, 2, 3, 4]


def test_the_cut_moves_on_rather_than_leave_no_training_row() -> None:
    split = split_by_time(np.array([1] * 9 + [2]))
    assert split.train.tolist() == list(range(9))
    assert split.test.tolist() == [9]


@given(st.lists(st.integers(0, 30), min_size=2).filter(lambda times: len(set(times)) > 1))
def test_splitting_by_time_loses_and_invents_nothing(times: list[int]) -> None:
    seconds = np.array(times)
    split = split_by_time(seconds)
    assert sorted([*split.train, *split.test]) == list(range(len(times)))
    assert seconds[split.train].max() < seconds[split.test].min()
    assert 5 * len(split.test) >= len(times) - 4


def test_a_split_that_leaves_a_side_empty_is_refused() -> None:
    with pytest.raises(Rejected, match="same time"):
        split_rows(np.array([7, 7, 7]), "temporal")
    with pytest.raises(Rejected, match="same time"):
        split_rows(np.array([7]), "temporal")
    with pytest.raises(Rejected, match="Only one row is left"):
        split_rows(np.array([7]), "random")
