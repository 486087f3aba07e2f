"""A cache of applications built for a laptop, by a digest of their sources."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local.cloud.state import REPOSITORY

CACHE = REPOSITORY / "build" / "laptop"
SOURCES = ("functions", "layers", "template.yaml", "samconfig.toml", "requirements/sam.txt")
_MAX_BUILDS = 3


def key(repository: Path = REPOSITORY) -> str:
    """Return a digest of the name and content of every file that a build reads."""
    digest = hashlib.sha256()
    for path in _files(repository):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(repository)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def restore(key: str, target: Path, cache: Path = CACHE) -> bool:
    """Copy a cached build to a new folder; return whether there was one."""
    try:
        shutil.copytree(cache / key, target)
    except OSError:  # not cached, or removed during the copy
        shutil.rmtree(target, ignore_errors=True)
        return False
    return True


def store(key: str, built: Path, cache: Path = CACHE) -> None:
    """Cache a copy of a build, and remove all but the newest few."""
    with _draft(cache) as draft:
        shutil.copytree(built, draft / key)
        with contextlib.suppress(OSError):  # another command cached the same build first
            (draft / key).rename(cache / key)
        with contextlib.suppress(OSError):  # another command removed the same one first
            for path in sorted(_builds(cache), key=lambda path: path.stat().st_mtime)[:-_MAX_BUILDS]:
                # Moved away first: a copy in progress then fails instead of ending incomplete.
                path.rename(draft / f"{path.name}.old")


def _files(repository: Path) -> Iterator[Path]:
    for source in (repository / name for name in SOURCES):
        found = source.rglob("*") if source.is_dir() else [source]
        yield from sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _builds(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if not path.name.startswith(".")]


@contextlib.contextmanager
def _draft(cache: Path) -> Iterator[Path]:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=cache, ignore_cleanup_errors=True) as name:
        yield Path(name)
