from functools import reduce

import numpy as np
import pyarrow as pa
import pytest

from prepare_dataset.clean.conventions import Proofs
from prepare_dataset.table.values import (
    NumberStyle,
    clean_ids,
    clean_texts,
    parse_numbers,
    prove_number_styles,
)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("13085.0", "13085"),
        ("13085.00", "13085"),
        (" 13085.0 ", "13085"),
        ("13085", "13085"),
        ("00123", "00123"),
        ("00123.0", "00123"),
        ("85123A", "85123A"),
        ("85123a", "85123a"),
        ("1e5", "1e5"),
        ("13085.5", "13085.5"),
        ("C536379", "C536379"),
        ("BANK CHARGES", "BANK CHARGES"),
        ("\u00a047503J ", "47503J"),
        ("顧客1", "顧客1"),
        ("  ", None),
        ("nan", None),
        ("NULL", None),
        ("#N/A", None),
    ],
)
def test_ids_are_texts_and_stay_so(text: str, identifier: str | None) -> None:
    assert clean_ids(pa.array([text])).to_pylist() == [identifier]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        (" 2.55 ", 2.55),
        (".5", 0.5),
        ("5.", 5),
        ("1e3", 1000),
        ("1E-3", 0.001),
        ("1 000", 1000),
        ("-1\u00a0234\u00a0567", -1234567),
        ("1'000", 1000),
    ],
)
def test_numbers_are_read(text: str, number: float) -> None:
    assert parse_numbers(pa.array([text])).tolist() == [number]


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-Infinity", "1e999", "2,55", "1,000", "£2", "12 pcs", "0x10", "1 00", "1e10"]
)
def test_what_is_no_plain_number_is_not_guessed(text: str) -> None:
    assert np.isnan(parse_numbers(pa.array([text]))).all()


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["2,55"], NumberStyle.COMMA),
        (["1.234,567"], NumberStyle.COMMA),
        (["1.234.567"], NumberStyle.COMMA),
        (["0,125"], NumberStyle.COMMA),
        (["1 234,5", "1.000"], NumberStyle.COMMA),
        (["2.55"], NumberStyle.POINT),
        (["1,234.567"], NumberStyle.POINT),
        (["1,234,567", "1,000"], NumberStyle.POINT),
        ([".125", "1,000"], NumberStyle.POINT),
        (["1,234"], None),
        (["1.234"], None),
        (["12", "-3", "1e5", ""], None),
        (["2,55", "2.55"], None),
        (["1,2,3", "12,34,567", "1.2.3.4"], None),
    ],
)
def test_a_decimal_mark_is_found_only_where_the_file_proves_it(
    texts: list[str], style: NumberStyle | None
) -> None:
    whole = Proofs(numbers=prove_number_styles([pa.array(texts)]))
    of_batches = [Proofs(numbers=prove_number_styles([pa.array([text])])) for text in texts]
    assert whole.conventions.numbers is style
    assert reduce(Proofs.merge, of_batches) == whole


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [
        ("1.234,56", NumberStyle.COMMA, 1234.56),
        ("1.234", NumberStyle.COMMA, 1234),
        ("-2,5", NumberStyle.COMMA, -2.5),
        (",5", NumberStyle.COMMA, 0.5),
        ("+12", NumberStyle.COMMA, 12),
        ("1e3", NumberStyle.COMMA, 1000),
        ("1,234.56", NumberStyle.POINT, 1234.56),
        ("1,234", NumberStyle.POINT, 1234),
        ("1.234", NumberStyle.POINT, 1.234),
        ("12,34", NumberStyle.POINT, np.nan),
        ("1.2.3", NumberStyle.COMMA, np.nan),
        ("", NumberStyle.COMMA, np.nan),
        ("-", NumberStyle.COMMA, np.nan),
    ],
)
def test_numbers_are_read_in_the_style_of_their_file(text: str, style: NumberStyle, number: float) -> None:
    assert np.array_equal(parse_numbers(pa.array([text, "7"]), style), [number, 7], equal_nan=True)


def test_texts_are_cut_where_no_real_one_goes_on() -> None:
    assert clean_texts(pa.array(["  " + "É" * 600])).to_pylist() == ["É" * 500]
