"""Puts the rows of a file between those of earlier and later uploads of the same dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prepare_dataset.clean.cleaning import Reasons, classify
from prepare_dataset.clean.conventions import UNKNOWN
from prepare_dataset.clean.normalization import normalize
from prepare_dataset.clean.parsing import ParsedTable, parse_table
from prepare_dataset.clean.refusals import refuse_if_nothing_left, refuse_unreadable, refuse_without_purchases
from prepare_dataset.increments.lines import Lines, read_lines
from prepare_dataset.increments.merging import merge, name_sheets
from prepare_dataset.table.arrays import Bools
from prepare_dataset.table.raw_table import RawTable
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.settings import Profile


@dataclass(frozen=True)
class OtherUploads:
    """Files with the kept lines of the other uploads of a dataset, in order.

    ``name`` is that of the file that is prepared. The first of ``before`` may hold the lines of many uploads.
    """

    name: str
    before: Sequence[Path]
    after: Sequence[Path] = ()


@dataclass(frozen=True)
class AddedRows:
    """What a file added: where its rows begin and end in the whole, and which of its rows repeat others."""

    own: RawTable
    repeated: Bools
    begin: int
    end: int


@dataclass(frozen=True)
class DatasetRows:
    """All rows of a dataset before cleaning: as read, parsed, and normalized as ``lines`` to keep.

    ``own`` are the lines of the file alone, if it is not all of the dataset.
    """

    source_format: Format
    raw: RawTable
    parsed: ParsedTable
    lines: Lines
    own: Lines | None = None
    added: AddedRows | None = None


@dataclass(frozen=True)
class CleanedRows:
    """All rows of a dataset, and the reason (n,) of each to be rejected or kept by a profile."""

    dataset: DatasetRows
    profile: Profile
    reasons: Reasons


def merge_uploads(
    raw: RawTable, source_format: Format, profile: Profile, others: OtherUploads | None
) -> DatasetRows:
    """Parse a file's rows, and merge them with those of other uploads."""
    before = [read_lines(path) for path in others.before] if others else []
    parsed = parse_table(raw, before[0].conventions if before else UNKNOWN)
    refuse_unreadable(raw, parsed, profile)
    own = Lines(normalize(raw, parsed), parsed.conventions)
    if others is None or not (before or others.after):
        return DatasetRows(source_format, raw, parsed, own)
    refuse = refuse_without_purchases if before else refuse_if_nothing_left
    refuse(classify(parsed, profile))
    own = Lines(name_sheets(own.table, others.name), own.conventions)
    return _merge_all(source_format, before, own, [read_lines(path) for path in others.after])


def load_dataset(paths: Sequence[Path], profile: Profile) -> DatasetRows:
    """Load and merge the lines that earlier runs kept, without a new file."""
    first, *others = map(read_lines, paths)
    whole, parsed = first, parse_table(first.table)
    for each in others:
        merged = merge(whole, each)
        whole, parsed = Lines(merged.table, merged.conventions), merged.parsed
    refuse_unreadable(whole.table, parsed, profile)
    return DatasetRows(Format.PARQUET, whole.table, parsed, whole)


def _merge_all(source_format: Format, before: list[Lines], own: Lines, after: list[Lines]) -> DatasetRows:
    parts = [*before, own, *after]
    whole, parsed, added = parts[0], None, None
    if not before:
        added = AddedRows(own.table, np.zeros(len(own.table), dtype=bool), 0, len(own.table))
    for part in parts[1:]:
        known = len(whole.table)
        merged = merge(whole, part)
        whole, parsed = Lines(merged.table, merged.conventions), merged.parsed
        if part is own:
            added = AddedRows(own.table, merged.repeated, known, len(whole.table))
    assert parsed is not None  # noqa: S101 - there are two parts or more
    return DatasetRows(source_format, whole.table, parsed, whole, own, added)
