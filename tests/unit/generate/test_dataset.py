"""A generated dataset has the shape that was asked for, and is always the same."""

import gc
import itertools
import tracemalloc

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

from retailrec.generate import DEMO_CUSTOMERS, SCHEMA, SHEETS, Dataset, Shape, generate
from retailrec.generate.text import Column, compute

SHAPES = {"small": Shape.small(), "medium": Shape.of_rows(60_000)}


@pytest.fixture(scope="module", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


@pytest.fixture(scope="module")
def sheets(shape: Shape) -> dict[str, pa.Table]:
    return generate(shape, seed=5)


@pytest.fixture(scope="module")
def rows(sheets: dict[str, pa.Table]) -> pa.Table:
    return pa.concat_tables(sheets.values())


def share(mask: Column) -> float:
    return float(compute.mean(mask.cast(pa.int8())).as_py())


def test_the_columns_are_those_of_the_contract(rows: pa.Table) -> None:
    assert rows.schema == SCHEMA
    assert rows.column_names == [
        "Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country",
    ]  # fmt: skip


def test_rows_and_customers_are_exactly_as_many_as_asked_for(shape: Shape, rows: pa.Table) -> None:
    assert rows.num_rows == shape.rows
    assert compute.count_distinct(rows["Customer ID"]).as_py() == shape.customers


def test_items_are_about_as_many_as_asked_for(shape: Shape, rows: pa.Table) -> None:
    products = rows.filter(compute.match_substring_regex(rows["StockCode"], r"^\d{5}[A-Z]?$"))
    assert 0.9 * shape.items <= compute.count_distinct(products["StockCode"]).as_py() <= shape.items


def test_shares_are_close_to_the_shape(shape: Shape, rows: pa.Table) -> None:
    code, cancelled = rows["StockCode"], compute.starts_with(rows["Invoice"], "C")
    non_product = compute.invert(compute.match_substring_regex(code, r"^\d{5}[A-Z]?$"))
    assert share(compute.is_null(rows["Customer ID"])) == pytest.approx(
        shape.share_without_customer, rel=0.05
    )
    assert share(cancelled) == pytest.approx(shape.share_cancellations, rel=0.15)
    assert share(compute.less_equal(rows["Price"], 0)) == pytest.approx(shape.share_adjustments, rel=0.2)
    assert share(non_product) == pytest.approx(shape.share_non_product, rel=0.6)
    assert share(compute.equal(rows["Country"], "United Kingdom")) == pytest.approx(0.92, abs=0.04)
    assert 0.15 < share(compute.match_substring_regex(code, "[A-Z]$")) < 0.6


def test_shares_can_be_chosen() -> None:
    none = dict.fromkeys(["cancellations", "non_product", "adjustments", "repeated_lines"], 0)
    shares = {f"share_{name}": value for name, value in {**none, "without_customer": 0.5}.items()}
    shape = Shape(rows=5_000, customers=100, items=100, overlap_days=0, **shares)
    rows = pa.concat_tables(generate(shape).values())
    assert share(compute.is_null(rows["Customer ID"])) == pytest.approx(0.5, abs=0.01)
    assert not compute.any(compute.starts_with(rows["Invoice"], "C")).as_py()
    assert compute.all(compute.greater(rows["Quantity"], 0)).as_py()
    assert compute.all(compute.match_substring_regex(rows["StockCode"], r"^\d{5}[A-Z]?$")).as_py()
    assert rows["Description"].null_count == 0
    assert rows.combine_chunks().group_by(rows.column_names).aggregate([]).num_rows == 5_000


@pytest.mark.parametrize("customer", DEMO_CUSTOMERS)
@pytest.mark.parametrize("seed", range(5))
def test_the_demo_customers_buy_often_and_early(seed: int, customer: int) -> None:
    first, second = generate(Shape.of_rows(3_000), seed).values()
    rows = pa.concat_tables([first, second])
    bought = rows.filter((pc.field("Customer ID") == customer) & (pc.field("Quantity") > 0))
    assert bought.num_rows >= 15
    assert compute.count_distinct(bought["StockCode"]).as_py() >= 10
    half = rows["InvoiceDate"].sort()[rows.num_rows // 2]
    assert compute.sum(compute.less(bought["InvoiceDate"], half)).as_py() >= 5


def test_the_first_days_of_the_second_sheet_are_in_the_first_as_well(sheets: dict[str, pa.Table]) -> None:
    first, second = sheets.values()
    start, end = compute.min(second["InvoiceDate"]), compute.max(first["InvoiceDate"])
    again = second.filter(compute.less_equal(second["InvoiceDate"], end))
    assert again.num_rows > 0
    assert first.filter(compute.greater_equal(first["InvoiceDate"], start)).equals(again)
    assert (end.as_py() - start.as_py()).days in range(6, 10)


def test_repeated_lines_are_as_many_as_asked_for(shape: Shape, sheets: dict[str, pa.Table]) -> None:
    second = sheets[SHEETS[1]].combine_chunks()
    repeated = second.num_rows - second.group_by(second.column_names).aggregate([]).num_rows
    assert repeated / second.num_rows == pytest.approx(shape.share_repeated_lines, rel=0.45)


def test_an_invoice_has_one_time_customer_and_country(rows: pa.Table) -> None:
    facts = rows.group_by("Invoice").aggregate(
        [("InvoiceDate", "count_distinct"), ("Customer ID", "count_distinct"), ("Country", "count_distinct")]
    )
    assert compute.max(facts["InvoiceDate_count_distinct"]).as_py() == 1
    assert compute.max(facts["Customer ID_count_distinct"]).as_py() == 1
    assert compute.max(facts["Country_count_distinct"]).as_py() == 1


def test_a_cancellation_takes_back_what_its_customer_bought_before(rows: pa.Table) -> None:
    sold = rows.filter(compute.is_valid(rows["Customer ID"]))
    bought = sold.filter(pc.field("Quantity") > 0).group_by(["Customer ID", "StockCode"])
    first_and_most = {
        (row["Customer ID"], row["StockCode"]): (row["InvoiceDate_min"], row["Quantity_max"])
        for row in bought.aggregate([("InvoiceDate", "min"), ("Quantity", "max")]).to_pylist()
    }
    cancels = sold.filter(compute.starts_with(sold["Invoice"], "C")).to_pylist()
    products = [row for row in cancels if row["StockCode"][:5].isdigit()]
    assert len(products) > 0.8 * len(cancels) > 0
    for row in products:
        first, most = first_and_most[row["Customer ID"], row["StockCode"]]
        assert first < row["InvoiceDate"]
        assert -most <= row["Quantity"] < 0


def test_the_shop_is_closed_at_night_on_saturdays_and_at_christmas(rows: pa.Table) -> None:
    time = rows["InvoiceDate"]
    assert compute.min(compute.hour(time)).as_py() >= 7
    assert compute.max(compute.hour(time)).as_py() <= 20
    assert 5 not in compute.unique(compute.day_of_week(time)).to_pylist()
    christmas = compute.and_(
        compute.equal(compute.month(time), 12), compute.is_in(compute.day(time), pa.array([24, 25, 26, 31]))
    )
    assert not compute.any(christmas).as_py()


def test_few_items_make_up_most_of_the_sales(rows: pa.Table) -> None:
    counts = sorted(
        (count["counts"] for count in compute.value_counts(rows["StockCode"]).to_pylist()), reverse=True
    )
    assert sum(counts[: len(counts) // 5]) > 0.4 * sum(counts)


def test_items_may_change_their_names_and_have_a_most_frequent_one(rows: pa.Table) -> None:
    names = rows.group_by("StockCode").aggregate([("Description", "count_distinct")])
    assert compute.max(names["Description_count_distinct"]).as_py() >= 2
    assert compute.mean(compute.equal(names["Description_count_distinct"], 1).cast(pa.int8())).as_py() > 0.7


@pytest.mark.parametrize("rows", [1_000, 2_500, 200_000])
def test_any_number_of_rows_has_a_shape(rows: int) -> None:
    dataset = Dataset(Shape.of_rows(rows), seed=1)
    assert sum(dataset.rows_of(sheet) for sheet in SHEETS) == rows


def test_the_preset_has_the_size_of_the_real_file() -> None:
    dataset = Dataset(Shape.online_retail())
    assert sum(dataset.rows_of(sheet) for sheet in SHEETS) == 1_067_371
    assert dataset.rows_of(SHEETS[0]) == pytest.approx(525_461, rel=0.05)
    assert dataset.shape.customers == 5_942


def test_a_shape_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValidationError, match="too few rows"):
        Shape(rows=1_000, customers=900, items=100)


def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    shape = Shape.of_rows(3_000)
    assert generate(shape, seed=3) == generate(shape, seed=3)
    assert generate(shape, seed=3) != generate(shape, seed=4)


def test_the_rows_do_not_depend_on_the_size_of_batches() -> None:
    dataset = Dataset(Shape.small(), seed=2)
    for sheet in SHEETS:
        little = pa.Table.from_batches(dataset.batches(sheet, batch_rows=300))
        assert little.column(0).num_chunks > 5
        assert little.equals(pa.Table.from_batches(dataset.batches(sheet)))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        dataset = Dataset(Shape.of_rows(15_000).model_copy(update={"rows": rows}))
        gc.collect()
        before = pa.total_allocated_bytes()  # by other tests
        tracemalloc.start()
        pools = [
            pa.total_allocated_bytes()
            for _ in itertools.chain.from_iterable(
                dataset.batches(sheet, batch_rows=5_000) for sheet in SHEETS
            )
        ]
        traced = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return traced + max(pools) - before

    assert peak(60_000) < 1.5 * peak(15_000)
