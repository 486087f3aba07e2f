"""The published facts of Online Retail II, reproduced to the row from the real file."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from prepare_dataset.dataset import prepare_file
from prepare_dataset.increments.append import OtherUploads
from prepare_dataset.options import Options
from prepare_dataset.table.arrow import pc
from retailrec_shared.contract.quality_report import Facts, SheetRows
from retailrec_shared.core import names
from tests.needs import REAL_DATA as REAL
from tests.needs import with_real_data
from tests.unit.prepare_dataset.inputs.shop_files import Prepared

pytestmark = [pytest.mark.slow, with_real_data]


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    target = tmp_path_factory.mktemp("retail")
    return Prepared(target, prepare_file(REAL, target, Options(profile="retail", split="temporal", top_n=10)))


@pytest.fixture(scope="module")
def tutorial(retail: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Prepare the rows that were read for the other profile: to read them again takes longer."""
    target = tmp_path_factory.mktemp("tutorial")
    others = OtherUploads("retrain", [retail.folder / names.OWN_LINES])
    report = prepare_file(None, target, Options(profile="tutorial", split="random", top_n=10, others=others))
    return Prepared(target, report)


def test_the_raw_file_is_what_its_documentation_says(retail: Prepared) -> None:
    report = retail.report
    assert report.sheets == [
        SheetRows(name="Year 2009-2010", rows=525_461), SheetRows(name="Year 2010-2011", rows=541_910),
    ]  # fmt: skip
    assert (report.rows_read, report.rows_without_customer) == (1_067_371, 243_007)
    assert report.facts == Facts(
        customers=5_942,
        items=5_305,
        items_with_customer=4_646,
        rows_with_customer=824_364,
        cancellations=19_494,
        non_positive_quantity=22_950,
        non_positive_price=6_207,
        unreadable_dates=0,
        unreadable_quantities=0,
        unreadable_prices=0,
        exact_duplicates=34_335,
        overlap_rows=22_523,
    )


def test_retail_cleaning_accounts_for_every_row(retail: Prepared) -> None:
    report = retail.report
    assert {str(reason): rows for reason, rows in report.rejected.items() if rows} == {
        "missing_customer": 243_007,
        "cancellation": 18_744,
        "non_positive_price": 71,
        "non_product": 2_917,
        "duplicate": 26_055,
    }
    assert report.rows_kept == report.train_rows + report.test_rows == 776_577
    assert (report.customers, report.items) == (5_852, 4_619)
    assert len(retail.rejected()) == 1_067_371 - 776_577


def test_the_tutorials_rule_gives_the_tutorials_numbers(tutorial: Prepared) -> None:
    report = tutorial.report
    assert {str(reason): rows for reason, rows in report.rejected.items() if rows} == {
        "missing_customer": 243_007
    }
    assert (report.interactions, report.customers, report.items) == (824_364, 5_942, 4_646)
    assert (report.train_rows, report.test_rows) == (577_054, 247_310)


def test_the_tutorials_customers_have_their_history(retail: Prepared) -> None:
    histories = {line["customer_id"]: line for line in retail.json_lines(names.HISTORY_JSONL)}
    assert len(histories) == 5_852
    for customer in ("13085", "17519"):
        assert len(histories[customer]["purchases"]) == min(50, histories[customer]["purchases_total"])
    described = {item["item_id"]: item["description"] for item in retail.json_lines(names.CATALOGUE_JSONL)}
    assert described["85123A"] == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert all(described.values())


def test_the_last_day_as_an_increment_gives_the_very_same_dataset(retail: Prepared, tmp_path: Path) -> None:
    rows = pq.read_table(retail.folder / names.OWN_LINES).drop_columns(["line", "sheet", "row"])
    when = rows["InvoiceDate"]
    for name, some in (("base", pc.less(when, "2011-12-09")), ("days", pc.greater_equal(when, "2011-12-07"))):
        pq.write_table(rows.filter(some), tmp_path / f"{name}.parquet")
    options: Any = {"profile": "retail", "split": "temporal", "top_n": 10}
    prepare_file(tmp_path / "base.parquet", tmp_path / "base", Options(**options))
    others = OtherUploads("append/days.parquet", [tmp_path / "base" / names.OWN_LINES])
    report = prepare_file(tmp_path / "days.parquet", tmp_path / "whole", Options(others=others, **options))
    assert report.increment
    assert (report.increment.rows_read, report.increment.rows_repeated) == (9_011, 7_378)
    assert report.rows_read == 1_067_371
    assert report.rejected == retail.report.rejected
    for name in (
        names.TRAIN_CSV, names.TEST_CSV, names.TRAIN_PARQUET, names.TEST_PARQUET, names.CATALOGUE_JSONL,
        names.HISTORY_JSONL, names.POPULAR_JSON, names.SIMILAR_JSONL, names.BATCH_INPUT_JSONL,
    ):  # fmt: skip
        assert (tmp_path / "whole" / name).read_bytes() == (retail.folder / name).read_bytes(), name
