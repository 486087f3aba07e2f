"""Packs and unpacks model.tar.gz."""

import tarfile
from pathlib import Path


class BadArchive(Exception):
    """An archive that cannot be unpacked, or must not be."""


def pack(folder: Path, archive: Path) -> None:
    """Pack what is in a folder, without the folder itself."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    # Arrays of floats hardly shrink: the fastest level it is.
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive that is not trusted: the data filter refuses paths and links that lead out."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadArchive(str(error)) from error
