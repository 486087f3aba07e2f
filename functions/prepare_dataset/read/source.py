"""The file to read: the upload itself, or the only file in an uploaded zip archive."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from prepare_dataset.files.archive import unpack_only_file
from prepare_dataset.files.formats import sniff, stated_size
from prepare_dataset.files.limits import MAX_TEXT_BYTES, refuse_too_large
from prepare_dataset.read.csv.layout import check_unpacked_size
from prepare_dataset.table.raw_table import RawTable
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected


class SourceRows(NamedTuple):
    """The rows of a file as they were read, and its format."""

    raw: RawTable
    source_format: Format


@contextmanager
def open_source(path: Path) -> Iterator[tuple[Path, Format]]:
    """Find the file to read and its format; raise ``Rejected`` if it is too large.

    An archive's file is unpacked to a folder next to ``path``, which is deleted at the end of the context.
    """
    source_format = _checked(path)
    if source_format is not Format.ZIP:
        yield path, source_format
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unpacked = Path(folder, "unpacked")
        unpack_only_file(path, unpacked)
        source_format = _checked(unpacked)
        if source_format is Format.ZIP:
            raise Rejected(
                "The zip archive contains another zip archive; zip only the file with the transactions."
            )
        yield unpacked, source_format


def _checked(path: Path) -> Format:
    source_format = sniff(path)
    refuse_too_large(source_format, path.stat().st_size)
    if source_format is Format.CSV_GZ and stated_size(path) > MAX_TEXT_BYTES:
        check_unpacked_size(path)
    return source_format
