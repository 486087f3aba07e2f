"""The image's tag: the same sources, built in the same way, get the same one."""

import hashlib
from pathlib import Path

from retailrec.image.building import OPTIONS

_NOT_BUILT_FROM = {"__pycache__", "README.md"}


def content_tag(folder: Path) -> str:
    """Hash how the image is built, and the names and bytes of the folder that it is built from."""
    digest = hashlib.sha256("\0".join(OPTIONS).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if _NOT_BUILT_FROM.isdisjoint(relative.parts):
            digest.update(f"{relative.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
