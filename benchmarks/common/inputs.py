"""The files that are measured: the real one where there is one, else a generated one of its shape."""

import os
from collections.abc import Callable
from pathlib import Path

import fastexcel
import pyarrow as pa
import pyarrow.csv as pa_csv

from retailrec.generate import Shape, write

ROOT = Path(__file__).parents[2]
REAL = ROOT / "../shared/data/online_retail_II.xlsx"
Say = Callable[[str], None]


def workbook(given: Path | None, folder: Path, say: Say) -> tuple[Path, str]:
    """Find the workbook to measure, and say what it is."""
    if given:
        return given, given.name
    real = Path(os.environ.get("RETAILREC_REAL_DATA", REAL))
    if real.exists():
        return real, f"the real {real.name}"
    path = folder / "generated.xlsx"
    say("generating a workbook of the real file's shape")
    write(path, Shape.online_retail())
    return path, "a generated file of the shape of Online Retail II"


def as_csv(source: Path, folder: Path) -> Path:
    """Write all sheets of a workbook below one another as csv, types as the sheets have them."""
    target = folder / f"{source.stem}.csv"
    reader = fastexcel.read_excel(source)
    with target.open("wb") as file:
        for place, name in enumerate(reader.sheet_names):
            sheet = reader.load_sheet_eager(name, dtypes={"Invoice": "string", "StockCode": "string"})
            options = pa_csv.WriteOptions(include_header=place == 0, quoting_style="needed")
            pa_csv.write_csv(_to_seconds(sheet), file, options)
    return target


def _to_seconds(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Round times to the second, as people export them."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            times = rows.column(place).cast(pa.timestamp("s"), safe=False)
            rows = rows.set_column(place, field.name, times)
    return rows


def generated_csv(rows: int, folder: Path) -> Path:
    """Generate a csv of so many rows."""
    target = folder / f"{rows}.csv"
    write(target, Shape.of_rows(rows))
    return target
