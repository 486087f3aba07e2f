"""Zip archives of unknown origin, whose own statements about their content are not trusted."""

import copy
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from prepare_dataset.files.limits import MAX_TEXT_BYTES, MAX_ZIP_ENTRIES, too_much_unpacked
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected, one_line

_BLOCK = 1 << 20
# Files that programs and operating systems add to archives.
_CLUTTER = {".ds_store", "thumbs.db", "desktop.ini"}
_ENCRYPTED = 0x1
_DAMAGED = "The zip archive is cut off or damaged; create it again, or upload it again."


def unpack_only_file(path: Path, target: Path) -> None:
    """Unpack the only file of an archive to ``target``; raise ``Rejected`` if there is not exactly one."""
    with zipfile.ZipFile(path) as archive:
        member = _only_file(archive)
        if member.file_size > MAX_TEXT_BYTES:
            raise too_much_unpacked(Format.ZIP, MAX_TEXT_BYTES)
        try:
            with target.open("wb") as unpacked:
                for block in blocks(archive, member, MAX_TEXT_BYTES, Format.ZIP):
                    unpacked.write(block)
        except NotImplementedError:  # a compression method that Python does not support
            raise Rejected(
                "The zip archive uses an unusual compression; create it again as an ordinary zip file."
            ) from None
        except (zipfile.BadZipFile, EOFError, OSError, zlib.error, RuntimeError):
            raise Rejected(_DAMAGED) from None


def blocks(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, source_format: Format
) -> Iterator[bytes]:
    """Unpack a member block by block; raise ``Rejected`` beyond ``limit`` bytes.

    The size that the archive states may be wrong, and Python stops reading there, though other readers do
    not. So the member gets a size that is never reached, and its checksum is compared at the actual end.
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
        raise Rejected(
            "The zip archive contains no file; zip the file with the transactions and upload it again."
        )
    if len(members) > 1:
        named = ", ".join(one_line(PurePosixPath(member.filename).name, 60) for member in members[:3])
        count = f"{len(members):,}" if len(members) <= MAX_ZIP_ENTRIES else f"more than {MAX_ZIP_ENTRIES:,}"
        raise Rejected(
            f"The zip archive contains {count} files ({named}{', …' if len(members) > 3 else ''});"
            " zip only the file with the transactions."
        )
    if members[0].flag_bits & _ENCRYPTED:
        raise Rejected("The zip archive is protected with a password; create it without one.")
    return members[0]


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return member.is_dir() or "__MACOSX" in path.parts or path.name.lower() in _CLUTTER
