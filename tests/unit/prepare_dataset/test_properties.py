"""Whatever the input: every row counts once, and the format of a file does not matter."""

import gzip
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from retailrec_shared.core import names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.settings import Profile
from tests.unit.prepare_dataset.inputs.shop_files import (
    Prepared,
    Row,
    csv_file,
    csv_text,
    parquet_file,
    prepare,
    purchase,
    xlsx_file,
)
from tests.unit.prepare_dataset.properties import holds_for

GARBAGE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\x00\r\n'), max_size=6)

# Texts of each column, with what they mean; None where a row with them is rejected.
CUSTOMERS = {"13085": "13085", "13085.0": "13085", " 17850 ": "17850", "": None, "NaN": None}
ITEMS = {"85048": "85048", "85048.0": "85048", "00123": "00123", "POST": "POST", " ": None}
QUANTITIES = {"6": 6.0, "6.0": 6.0, "0": 0.0, "-3": -3.0, "": None, "few": None}
PRICES = {"2.55": 2.55, "2.550": 2.55, "0": 0.0, "nan": None}
DATES = {"2011-01-02 10:00": 1, "2011-01-02T10:00:00": 1, "2011-01-03": 2, "2011-01-04": 3, "?": None}
INVOICES = ("536365", "C536379", "")


def expected_reason(row: Row, seen: set[Any], profile: Profile) -> str | None:
    """Judge one row at a time, as a shop keeper would."""
    invoice, item, _, quantity, date, price, customer, _ = row
    parsed = (invoice, ITEMS[item], QUANTITIES[quantity], DATES[date], PRICES[price], CUSTOMERS[customer])
    again = parsed in seen
    seen.add(parsed)
    rules = [
        ("missing_customer", CUSTOMERS[customer] is None),
        ("missing_item", ITEMS[item] is None),
        ("invalid_date", DATES[date] is None),
        ("cancellation", invoice.startswith("C")),
        ("invalid_quantity", QUANTITIES[quantity] is None),
        ("non_positive_quantity", (QUANTITIES[quantity] or 0) <= 0),
        ("invalid_price", PRICES[price] is None),
        ("non_positive_price", (PRICES[price] or 0) <= 0),
        ("non_product", item == "POST"),
        ("duplicate", again),
    ]
    known = rules[:3] if profile == "tutorial" else rules
    return next((reason for reason, fits in known if fits), None)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


ROWS = st.lists(
    st.builds(
        purchase,
        invoice=st.sampled_from(INVOICES),
        item=st.sampled_from(sorted(ITEMS)),
        quantity=st.sampled_from(sorted(QUANTITIES)),
        price=st.sampled_from(sorted(PRICES)),
        date=st.sampled_from(sorted(DATES)),
        customer=st.sampled_from(sorted(CUSTOMERS)),
    ),
    min_size=1,
    max_size=40,
)
# Rows that make sure that every column has something to read and every split two sides.
ANCHORS = [
    purchase(invoice=date, item="85048", quantity="6", price="2.55", date=date, customer="13085")
    for date in ("2011-01-03", "2011-01-04")
]


@holds_for(
    ROWS, st.sampled_from(["retail", "tutorial"]), st.sampled_from(["temporal", "random"]), few=25, many=1000
)
def test_each_row_is_kept_or_rejected_as_its_cells_say(rows: list[Row], profile: Any, split: Any) -> None:
    rows = [*ANCHORS, *rows]
    seen: set[Any] = set()
    reasons = [expected_reason(row, seen, profile) for row in rows]
    with folder() as place:
        done = prepare(csv_file(place, rows), profile=profile, split=split)
        rejected = [(row["row"], row["reason"]) for row in done.rejected()]
        assert rejected == [(number, reason) for number, reason in enumerate(reasons, start=2) if reason]
        kept = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
        pairs = [(CUSTOMERS[row[6]], ITEMS[row[1]]) for row in kept]
        assert Counter((row["user_id"], row["item_id"]) for row in done.interactions()) == Counter(pairs)
        histories = done.json_lines(names.HISTORY_JSONL)
        assert [history["customer_id"] for history in histories] == sorted({user or "" for user, _ in pairs})
        assert sum(history["purchases_total"] for history in histories) == len(kept)


@holds_for(st.lists(st.lists(GARBAGE, min_size=8, max_size=8), max_size=12), few=25, many=1000)
def test_garbage_is_counted_or_refused_but_never_lost(rows: list[Row]) -> None:
    with folder() as place:
        source = csv_file(place, [*ANCHORS, *rows])
        try:
            done = prepare(source)
        except Rejected:
            assert not (place / "run").exists()
            return
        blank = sum(not any(row) for row in rows)
        assert len(done.interactions()) + len(done.rejected()) == len(ANCHORS) + len(rows) - blank


TYPED_ROWS = st.lists(
    st.builds(
        purchase,
        invoice=st.sampled_from(["536365", "C536379"]),
        item=st.sampled_from(["85048", "85123A", "00123", "POST", "1e5"]),
        description=st.sampled_from(["LANTERN", " PADDED ", 'SAID "HI", TWICE', None, "ÉTOILE ★"]),
        quantity=st.integers(-2, 90_000),
        price=st.integers(-5, 99_999).map(lambda pence: pence / 100),
        date=st.datetimes(datetime(2009, 12, 1), datetime(2011, 12, 9)).map(
            lambda time: time.replace(microsecond=0, second=0)
        ),
        customer=st.sampled_from([13085.0, 17850.0, None]),
        country=st.sampled_from(["France", None]),
    ),
    min_size=12,
    max_size=25,
)


@holds_for(TYPED_ROWS, few=6, many=200)
def test_csv_xlsx_and_parquet_of_the_same_rows_give_the_same_run(rows: list[Row]) -> None:
    with folder() as place:

        def outcome(write: Any) -> Any:
            home = place / write.__name__
            home.mkdir()
            source = write(home, {"sheet": rows} if write is xlsx_file else rows)
            try:
                return comparable(prepare(source))
            except Rejected as refusal:
                return refusal.reason

        assert outcome(csv_file) == outcome(xlsx_file) == outcome(parquet_file)


def comparable(done: Prepared) -> Any:
    """Everything that must not depend on the format."""
    rejected = [row["reason"] for row in done.rejected()]
    files = [names.TRAIN_CSV, names.TEST_CSV, names.CATALOGUE_JSONL, names.HISTORY_JSONL, names.POPULAR_JSON]
    return (
        done.report.model_dump(exclude={"source_format", "sheets"}),
        rejected,
        [(done.folder / relative).read_bytes() for relative in files],
    )


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])


@holds_for(
    st.lists(st.lists(GARBAGE, min_size=0, max_size=11), max_size=12),
    st.sampled_from(",;\t|"),
    ENCODINGS,
    few=25,
    many=1000,
)
def test_lines_of_any_length_delimiter_and_encoding_are_counted_or_refused(
    rows: list[Row], delimiter: str, encoding: str
) -> None:
    with folder() as place:
        source = place / "shop.csv"
        text = csv_text([*ANCHORS, *rows], delimiter=delimiter)
        source.write_bytes(text.encode(encoding, errors="replace"))
        try:
            done = prepare(source)
        except Rejected:
            assert not (place / "run").exists()
            return
        report = done.report
        assert len(done.interactions()) == report.rows_kept == report.train_rows + report.test_rows
        assert len(done.rejected()) == sum(report.rejected.values()) == report.rows_read - report.rows_kept
        assert report.rows_read <= len(ANCHORS) + len(rows)
        assert report.rows_read >= len(ANCHORS) + sum(any(cell.strip() for cell in row) for row in rows)


@holds_for(
    st.binary(max_size=400),
    st.sampled_from(
        [b"", b"PK\3\4", b"PAR1", b"\x1f\x8b\x08\0", b"\xff\xfe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
    ),
    few=60,
    many=3000,
)
def test_bytes_of_any_kind_end_in_a_sentence(content: bytes, magic: bytes) -> None:
    with folder() as place:
        source = place / "upload"
        source.write_bytes(magic + content)
        with pytest.raises(Rejected):
            prepare(source)


@cache
def whole(kind: str) -> bytes:
    rows = [purchase(date=f"2011-01-{day:02}", item=f"{day}") for day in range(1, 29)]
    if kind == "csv.gz":
        return gzip.compress(whole("csv"), mtime=0)
    with folder() as place:
        if kind == "xlsx":
            return xlsx_file(place, {"s": rows}).read_bytes()
        return (csv_file if kind == "csv" else parquet_file)(place, rows).read_bytes()


@holds_for(st.sampled_from(["csv", "csv.gz", "parquet", "xlsx"]), st.data(), few=80, many=3000)
def test_a_file_with_some_bytes_changed_or_cut_off_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(len(content) // 2, 2 * len(content))) :]
    with folder() as place:
        source = place / "upload"
        source.write_bytes(content)
        try:
            report = prepare(source).report
        except Rejected:
            return
        assert report.rows_read == report.rows_kept + sum(report.rejected.values())
