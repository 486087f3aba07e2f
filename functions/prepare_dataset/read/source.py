"""The file to read: the one that was given, or the one in the zip archive that was given."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prepare_dataset.files.archive import unpack_only_file
from prepare_dataset.files.formats import Format, sniff, stated_size
from prepare_dataset.files.limits import MAX_TEXT_BYTES, refuse_too_large
from prepare_dataset.read.csv.layout import unpack_in_vain
from retailrec_shared.core.errors import Rejected


@contextmanager
def open_source(path: Path) -> Iterator[tuple[Path, Format]]:
    """Find the file to read and its format; ``Rejected`` if it is too large, or made to look small.

    What is unpacked lies beside ``path`` while the context lasts.
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
            raise Rejected("The zip archive holds another one; pack the transactions alone.")
        yield unpacked, source_format


def _checked(path: Path) -> Format:
    source_format = sniff(path)
    refuse_too_large(source_format, path.stat().st_size)
    if source_format is Format.CSV_GZ and stated_size(path) > MAX_TEXT_BYTES:
        unpack_in_vain(path)
    return source_format
