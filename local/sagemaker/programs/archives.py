"""Packs and unpacks model.tar.gz."""

import gzip
import tarfile
import zlib
from pathlib import Path, PurePosixPath

MAX_BYTES = 8 * 1024**3  # unpacked; a model of a million users and a hundred factors takes half a gigabyte
MAX_MEMBERS = 10_000
# A header may announce a gigabyte of attributes, which tarfile reads at once; files it reads by blocks.
MAX_READ = 1 << 20


class BadArchive(Exception):
    """An archive that cannot be unpacked, or must not be."""


class _Bounded(gzip.GzipFile):
    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_READ:
            raise BadArchive("It has a header that is far too long.")
        return super().read(size)


def pack(folder: Path, archive: Path) -> None:
    """Pack what is in a folder, without the folder itself."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Arrays of floats hardly compress: use the fastest level.
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def unpack(archive: Path, folder: Path, max_bytes: int = MAX_BYTES) -> None:
    """Unpack an archive that is not trusted: plain files and folders below ``folder``, and nothing else.

    Raises BadArchive for a path that leads out, a link, a device, or more than ``max_bytes`` in all.
    Sizes are counted while reading, so that a bomb ends early; what was unpacked until then stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    try:
        with _Bounded(archive) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for number, member in enumerate(tar):
                total += member.size
                _refuse(member, number, total, max_bytes)
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise BadArchive(str(error)) from error


def _refuse(member: tarfile.TarInfo, number: int, total: int, max_bytes: int) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive(f"{member.name!r} leads out of the folder.")
    if not (member.isreg() or member.isdir()):
        raise BadArchive(f"{member.name!r} is neither a file nor a folder.")
    if number >= MAX_MEMBERS:
        raise BadArchive(f"It holds more than {MAX_MEMBERS:,} files.")
    if total > max_bytes:
        raise BadArchive(f"It unpacks to more than {max_bytes:,} bytes.")
