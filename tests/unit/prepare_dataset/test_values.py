import numpy as np
import pyarrow as pa
import pytest

from prepare_dataset.values import clean_ids, parse_numbers


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
    ],
)
def test_numbers_are_read(text: str, number: float) -> None:
    assert parse_numbers(pa.array([text])).tolist() == [number]


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-Infinity", "1e999", "2,55", "1 000", "£2", "12 pcs", "0x10"]
)
def test_what_is_no_plain_number_is_not_guessed(text: str) -> None:
    assert np.isnan(parse_numbers(pa.array([text]))).all()
