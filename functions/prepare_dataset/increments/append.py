"""From a file and what earlier ones left to the rows of the dataset that all of them make."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prepare_dataset.clean.cleaning import classify
from prepare_dataset.clean.normalization import settle
from prepare_dataset.clean.parsing import Meaning, understand
from prepare_dataset.clean.reasons import Profile
from prepare_dataset.clean.refusals import refuse_if_nothing_left, refuse_unreadable, refuse_without_purchases
from prepare_dataset.files.formats import Format
from prepare_dataset.increments.lines import Lines, read_lines
from prepare_dataset.increments.merging import name_sheets, unite
from prepare_dataset.table.arrays import Bools
from prepare_dataset.table.raw_table import RawTable


@dataclass(frozen=True)
class Neighbours:
    """Kept lines of the uploads that make a dataset together with the file that is prepared, in order.

    ``name`` is that of the file. The first of ``before`` may hold those of many uploads.
    """

    name: str
    before: Sequence[Path]
    after: Sequence[Path] = ()


@dataclass(frozen=True)
class Added:
    """What a file added: where its rows begin and end in the whole, and which of its rows repeat others."""

    own: RawTable
    repeated: Bools
    begin: int
    end: int


@dataclass(frozen=True)
class Gathered:
    """The rows of a dataset before cleaning: ``lines`` are to be kept, ``raw`` are the same as read.

    ``own`` are those of the file alone, if it is not all of the dataset.
    """

    source_format: Format
    lines: Lines
    raw: RawTable
    own: Lines | None = None
    added: Added | None = None


def gather(
    raw: RawTable, source_format: Format, profile: Profile, others: Neighbours | None
) -> tuple[Gathered, Meaning]:
    """Understand a file's rows, and put them between their neighbours'."""
    before = [read_lines(path) for path in others.before] if others else []
    known = before[0].conventions if before else None
    meaning = understand(raw, known) if known else understand(raw)
    refuse_unreadable(raw, meaning, profile)
    own = Lines(settle(raw, meaning), meaning.conventions)
    if others is None or not (before or others.after):
        return Gathered(source_format, own, raw), meaning
    refuse = refuse_without_purchases if before else refuse_if_nothing_left
    refuse(classify(raw, meaning, profile))
    own = Lines(name_sheets(own.table, others.name), own.conventions)
    return _join(source_format, before, own, [read_lines(path) for path in others.after])


def gather_again(lines: Sequence[Path], profile: Profile) -> tuple[Gathered, Meaning]:
    """Take up what earlier runs kept, with no file beside."""
    first, *others = map(read_lines, lines)
    whole, meaning = first, understand(first.table)
    for each in others:
        united = unite(whole, each)
        whole, meaning = Lines(united.table, united.conventions), united.meaning
    refuse_unreadable(whole.table, meaning, profile)
    return Gathered(Format.PARQUET, whole, whole.table), meaning


def _join(
    source_format: Format, before: list[Lines], own: Lines, after: list[Lines]
) -> tuple[Gathered, Meaning]:
    parts = [*before, own, *after]
    whole, meaning, added = parts[0], None, None
    if not before:
        added = Added(own.table, np.zeros(len(own.table), dtype=bool), 0, len(own.table))
    for part in parts[1:]:
        known = len(whole.table)
        united = unite(whole, part)
        whole, meaning = Lines(united.table, united.conventions), united.meaning
        if part is own:
            added = Added(own.table, united.repeated, known, len(whole.table))
    assert meaning is not None  # noqa: S101 - there are two parts or more
    return Gathered(source_format, whole, whole.table, own, added), meaning
