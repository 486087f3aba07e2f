"""What later stages read: the names, orders and shapes that they rely on."""

import gzip
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import prepare_dataset.write.history
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import names
from tests.unit.prepare_dataset.inputs.shop_files import Row, csv_file, days, prepare, purchase

ALL = [
    names.TRAIN_CSV,
    names.TEST_CSV,
    names.TRAIN_PARQUET,
    names.TEST_PARQUET,
    names.REJECTED_PARQUET,
    names.CATALOGUE_JSONL,
    names.HISTORY_JSONL,
    names.POPULAR_JSON,
    names.SIMILAR_JSONL,
    names.BATCH_INPUT_JSONL,
    names.QUALITY_REPORT_HTML,
    names.QUALITY_REPORT_JSON,
    names.OWN_LINES,
]


def at(day: int, hour: int = 0, **changes: Any) -> Row:
    return purchase(date=datetime(2011, 3, day, hour), **changes)


def test_exactly_the_runs_files_are_written(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, days(5)))
    written = {path.relative_to(done.folder).as_posix() for path in done.folder.rglob("*") if path.is_file()}
    assert written == set(ALL)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    rows = [*days(20), *days(20, customer=12346, item="22423")]
    one, two = prepare(csv_file(tmp_path, rows)), prepare(csv_file(tmp_path / "again", rows))
    for relative in ALL:
        assert (one.folder / relative).read_bytes() == (two.folder / relative).read_bytes(), relative


def test_training_and_test_rows_are_csv_that_begins_with_user_and_item(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, [*days(4), at(1, item='7" "PLATE", SET', customer="A,B")]))
    assert list(done.csv(names.TRAIN_CSV)[0]) == ["user_id", "item_id", "timestamp", "quantity"]
    assert done.csv(names.TEST_CSV) == [
        {"user_id": "A,B", "item_id": '7" "PLATE", SET', "timestamp": "2011-03-01 00:00:00", "quantity": "6"}
    ]


@pytest.mark.parametrize("split", ["temporal", "random"])
def test_parquet_holds_the_same_rows_in_the_same_order_in_full(tmp_path: Path, split: Any) -> None:
    done = prepare(csv_file(tmp_path, [at(1 + n % 9, n, item=f"{n}") for n in range(20)]), split=split)
    for csv, parquet in ((names.TRAIN_CSV, names.TRAIN_PARQUET), (names.TEST_CSV, names.TEST_PARQUET)):
        table = pq.read_table(done.folder / parquet)
        assert table.column_names == [
            "user_id", "item_id", "timestamp", "quantity", "price", "invoice", "country",
        ]  # fmt: skip
        assert table["item_id"].to_pylist() == [row["item_id"] for row in done.csv(csv)]
        assert [f"{time:%Y-%m-%d %H:%M:%S}" for time in table["timestamp"].to_pylist()] == [
            row["timestamp"] for row in done.csv(csv)
        ]


def test_the_temporal_test_set_begins_at_the_reported_cut(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, days(10)))
    assert done.report.cut_time == datetime(2011, 1, 9)
    assert [row["timestamp"] for row in done.csv(names.TEST_CSV)] == [
        "2011-01-09 00:00:00", "2011-01-10 00:00:00",
    ]  # fmt: skip
    assert prepare(tmp_path / "shop.csv", split="random").report.cut_time is None


def test_an_item_is_called_what_most_of_its_rows_call_it(tmp_path: Path) -> None:
    rows = [
        at(1, item="E", description="wrong"),
        at(2, item="E", description=" RIGHT "),
        at(3, item="E", description="RIGHT", customer=12346, quantity=4),
        at(4, item="A", description="zebra"),
        at(5, item="A", description="apple"),
        at(6, item="A", description=""),
        at(7, item="A", description=""),
        at(8, item="A", description=""),
        at(9, item="0", description='5" <b>\t“é”', quantity="0.25"),
    ]
    assert prepare(csv_file(tmp_path, rows)).json_lines(names.CATALOGUE_JSONL) == [
        {"item_id": "0", "description": '5" <b>\t“é”', "customers": 1, "quantity": 0.25},
        {"item_id": "A", "description": "apple", "customers": 1, "quantity": 30},
        {"item_id": "E", "description": "RIGHT", "customers": 2, "quantity": 16},
    ]


def test_histories_are_by_customer_newest_first_and_batch_input_follows_them(tmp_path: Path) -> None:
    rows = [
        at(2, customer=9, item="second"),
        at(1, customer=9, item="first", country="France"),
        at(3, customer=9, item="third", country="EIRE", price=1.25, quantity=2, invoice="7"),
        at(3, customer=9, item="third too", country="EIRE"),
        at(1, customer=10, item="other"),
    ]
    done = prepare(csv_file(tmp_path, rows), top_n=25)
    ten, nine = done.json_lines(names.HISTORY_JSONL)  # as texts: "10" comes before "9"
    assert (ten["customer_id"], nine["customer_id"]) == ("10", "9")
    assert nine["country"] == "EIRE"
    assert nine["purchases_total"] == 4
    assert [bought["item_id"] for bought in nine["purchases"]] == ["third", "third too", "second", "first"]
    assert nine["purchases"][0] == {
        "timestamp": "2011-03-03T00:00:00",
        "invoice": "7",
        "item_id": "third",
        "quantity": 2,
        "price": 1.25,
    }
    batch = (done.folder / names.BATCH_INPUT_JSONL).read_text()
    assert batch == '{"user_id": "10", "top_n": "25"}\n{"user_id": "9", "top_n": "25"}\n'


def test_a_history_holds_the_newest_fifty_and_says_how_many_there_were(tmp_path: Path) -> None:
    rows = [at(1 + n % 28, n // 28, item=f"{n}") for n in range(70)]
    (history,) = prepare(csv_file(tmp_path, rows)).json_lines(names.HISTORY_JSONL)
    times = [bought["timestamp"] for bought in history["purchases"]]
    assert (len(times), history["purchases_total"]) == (50, 70)
    assert history["bought"] == sorted(f"{n}" for n in range(70)), "each item once"
    assert times == sorted(times, reverse=True)


def test_histories_are_written_by_blocks_of_customers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [at(1 + n % 20, item=f"{n % 7}", customer=f"{n % 10}") for n in range(90)]
    whole = prepare(csv_file(tmp_path, rows))
    lines = gzip.decompress((whole.folder / names.HISTORY_JSONL).read_bytes())
    batch = (whole.folder / names.BATCH_INPUT_JSONL).read_bytes()
    monkeypatch.setattr(prepare_dataset.write.history, "_CUSTOMERS_AT_A_TIME", 3)
    blocks = prepare(tmp_path / "shop.csv")
    assert gzip.decompress((blocks.folder / names.HISTORY_JSONL).read_bytes()) == lines
    assert (blocks.folder / names.BATCH_INPUT_JSONL).read_bytes() == batch


def rankings(counts: Sequence[tuple[str, str, int]]) -> list[Row]:
    """Rows in which so many customers of a country buy an item, twice each."""
    return [
        at(day, item=item, country=country, customer=f"{country}{customer}")
        for country, item, customers in counts
        for customer in range(customers)
        for day in (1, 2)
    ]


def test_popular_items_are_those_that_most_customers_bought(tmp_path: Path) -> None:
    bought = [("France", "A", 3), ("France", "E", 1), ("EIRE", "E", 4), ("EIRE", "F", 1), ("", "G", 1)]
    popular = prepare(csv_file(tmp_path, rankings(bought))).popular()
    del popular["since"]
    assert popular == {
        "all": [
            {"item_id": "E", "customers": 5},
            {"item_id": "A", "customers": 3},
            {"item_id": "F", "customers": 1},
            {"item_id": "G", "customers": 1},
        ],
        "rest": [],
        "by_country": {
            "EIRE": [{"item_id": "E", "customers": 4}, {"item_id": "F", "customers": 1}],
            "France": [{"item_id": "A", "customers": 3}, {"item_id": "E", "customers": 1}],
        },
    }


def test_popular_items_since_a_month_count_who_bought_them_then_or_later(tmp_path: Path) -> None:
    rows = [
        purchase(date=datetime(2011, month, 1 + customer), item=item, customer=customer, country=country)
        for month, item, customer, country in (
            (1, "A", 1, "France"), (1, "A", 2, "France"), (1, "A", 3, "EIRE"),
            (3, "A", 1, "France"), (3, "E", 1, "France"), (3, "E", 2, "EIRE"),
        )
    ]  # fmt: skip
    since = prepare(csv_file(tmp_path, rows)).popular()["since"]
    assert since == {
        "all": {"2011-01": [["A", 3], ["E", 2]], "2011-03": [["E", 2], ["A", 1]]},
        "by_country": {
            "EIRE": {"2011-01": [["A", 1], ["E", 1]], "2011-03": [["E", 1]]},
            "France": {"2011-01": [["A", 2], ["E", 1]], "2011-03": [["A", 1], ["E", 1]]},
        },
    }


def test_rankings_are_cut(tmp_path: Path) -> None:
    rows = [at(1 + n % 5, item=f"{n:04}", country=f"{n % 2}") for n in range(1_200)]
    popular = prepare(csv_file(tmp_path, rows)).popular()
    assert [ranked["item_id"] for ranked in popular["all"]] == [f"{n:04}" for n in range(1_100)]
    assert popular["rest"] == [[f"{n:04}", 1] for n in range(1_100, 1_200)]
    assert {country: len(ranked) for country, ranked in popular["by_country"].items()} == {"0": 100, "1": 100}
    assert len(popular["since"]["all"]["2011-03"]) == 100
    assert len(popular["since"]["by_country"]["0"]["2011-03"]) == 50


def test_all_that_a_customer_bought_is_named_however_much_it_is(tmp_path: Path) -> None:
    items = [f"{n:04}" for n in range(2_600)]  # as many as the real file's best customer bought
    rows = [at(1 + n % 28, item=item, customer="1") for n, item in enumerate(items)]
    (history,) = prepare(csv_file(tmp_path, rows)).json_lines(names.HISTORY_JSONL)
    assert sorted(history["bought"]) == items


def test_what_is_looked_up_as_one_fits_into_the_table_with_the_longest_ids_too(tmp_path: Path) -> None:
    rows = [at(1 + n % 28, item=f"{n:é>256}", customer="1") for n in range(3_000)]
    prepared = prepare(csv_file(tmp_path, rows))
    (history,) = prepared.json_lines(names.HISTORY_JSONL)
    for kept in (history["bought"], prepared.popular()["rest"]):
        assert 100_000 < len(json.dumps(kept, ensure_ascii=False).encode()) < 320_000


def test_similar_items_are_those_that_the_same_customers_bought(tmp_path: Path) -> None:
    baskets = {"1": "AE", "2": "AE", "3": "AEF", "4": "F", "5": "G"}
    rows = [
        at(1 + n, item=item, customer=who) for n, (who, items) in enumerate(baskets.items()) for item in items
    ]
    similar = {
        line["item_id"]: line["similar"]
        for line in prepare(csv_file(tmp_path, rows)).json_lines(names.SIMILAR_JSONL)
    }
    assert similar["A"] == [["E", round(3 / 13, 4)], ["F", round(1 / 6**0.5 / 11, 4)]]
    assert similar["F"] == [["A", 0.0371], ["E", 0.0371]]
    assert "G" not in similar


def test_the_report_on_disk_is_the_one_returned(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, [*days(5), purchase(customer=None)]))
    text = (done.folder / names.QUALITY_REPORT_JSON).read_text()
    assert QualityReport.model_validate_json(text) == done.report
    assert json.loads(text)["schema_version"] == 1


def test_a_report_whose_sums_are_wrong_cannot_exist(tmp_path: Path) -> None:
    good = prepare(csv_file(tmp_path, days(5))).report.model_dump()
    for field in ("rows_read", "rows_kept", "train_rows", "interactions"):
        with pytest.raises(ValueError, match="rows"):
            QualityReport.model_validate({**good, field: good[field] + 1})
