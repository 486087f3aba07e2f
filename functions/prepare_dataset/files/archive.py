"""Zip archives of unknown origin: what they say of themselves, and what is true."""

import copy
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from prepare_dataset.files.formats import Format
from prepare_dataset.files.limits import MAX_TEXT_BYTES, MAX_ZIP_ENTRIES, too_much_unpacked
from retailrec_shared.core.errors import Rejected, one_line

_BLOCK = 1 << 20
# What programs and systems add to an archive without being asked.
_CLUTTER = {".ds_store", "thumbs.db", "desktop.ini"}
_ENCRYPTED = 0x1
_DAMAGED = "The zip archive is cut off or damaged; pack or upload it again."


def unpack_only_file(path: Path, target: Path) -> None:
    """Write the one file that an archive holds to ``target``; ``Rejected`` if there is not just one."""
    with zipfile.ZipFile(path) as archive:
        member = _only_file(archive)
        if member.file_size > MAX_TEXT_BYTES:
            raise too_much_unpacked(Format.ZIP, MAX_TEXT_BYTES)
        try:
            with target.open("wb") as unpacked:
                for block in blocks(archive, member, MAX_TEXT_BYTES, Format.ZIP):
                    unpacked.write(block)
        except NotImplementedError:  # a way of packing that Python does not know
            raise Rejected("The zip archive is packed in an unusual way; pack it as ordinary zip.") from None
        except (zipfile.BadZipFile, EOFError, OSError, zlib.error, RuntimeError):
            raise Rejected(_DAMAGED) from None


def blocks(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, source_format: Format
) -> Iterator[bytes]:
    """Unpack a member by blocks and refuse it beyond ``limit`` bytes.

    The size that the archive states need not be true, and Python would read no further than that, though
    other readers do; so it is given one that nothing reaches. The checksum is compared at the true end.
    """
    whole = copy.copy(member)
    whole.file_size = sys.maxsize
    read = 0
    with archive.open(whole) as packed:
        while block := packed.read(_BLOCK):
            read += len(block)
            if read > limit:
                raise too_much_unpacked(source_format, limit)
            yield block


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not _is_clutter(member)]
    if not members:
        raise Rejected("The zip archive holds no file; pack the transactions and upload it again.")
    if len(members) > 1:
        named = ", ".join(one_line(PurePosixPath(member.filename).name, 60) for member in members[:3])
        count = f"{len(members):,}" if len(members) <= MAX_ZIP_ENTRIES else f"more than {MAX_ZIP_ENTRIES:,}"
        raise Rejected(
            f"The zip archive holds {count} files ({named}{', …' if len(members) > 3 else ''});"
            " pack the one with the transactions alone."
        )
    if members[0].flag_bits & _ENCRYPTED:
        raise Rejected("The zip archive is protected with a password; pack it without one.")
    return members[0]


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return member.is_dir() or "__MACOSX" in path.parts or path.name.lower() in _CLUTTER
