"""A tag that follows from what an image is built of."""

import hashlib
from pathlib import Path

_NOT_BUILT_FROM = {"__pycache__", "README.md"}


def content_tag(folder: Path) -> str:
    """Hash the names and bytes of a folder's files: the same sources have the same tag."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if _NOT_BUILT_FROM.isdisjoint(relative.parts):
            digest.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
