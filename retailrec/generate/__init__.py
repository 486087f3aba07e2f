"""Generates transaction files that a model can learn from."""

from retailrec.generate.dataset import Dataset, generate
from retailrec.generate.files import FORMATS, write, write_parquet
from retailrec.generate.separated import write_csv
from retailrec.generate.shape import DEMO_CUSTOMERS, SHEETS, Shape
from retailrec.generate.table import SCHEMA
from retailrec.generate.xlsx import write_xlsx

__all__ = [
    "DEMO_CUSTOMERS",
    "FORMATS",
    "SCHEMA",
    "SHEETS",
    "Dataset",
    "Shape",
    "generate",
    "write",
    "write_csv",
    "write_parquet",
    "write_xlsx",
]
