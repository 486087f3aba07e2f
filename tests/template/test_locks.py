"""What is tested is what is deployed: every lock holds the same versions, with hashes and no addresses."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("requirements/*.txt", "layers/*/requirements.txt", "functions/*/requirements.txt",
                    "algorithm/requirements.txt")
    for path in ROOT.glob(pattern)
)  # fmt: skip
DEPLOYED = [lock for lock in LOCKS if not lock.startswith("requirements/")]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def versions(lock: str) -> dict[str, set[str]]:
    """Read a lock's versions; a package may have several, for different Pythons."""
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall((ROOT / lock).read_text()):
        found.setdefault(name.lower(), set()).add(version)
    return found


def test_every_deployable_has_its_lock() -> None:
    makefiles = [*ROOT.glob("layers/*/Makefile"), ROOT / "algorithm" / "Dockerfile"]
    assert len(makefiles) == 3
    assert {f"{path.parent.relative_to(ROOT).as_posix()}/requirements.txt" for path in makefiles} <= set(
        DEPLOYED
    )
    assert "functions/publish_recommendations/requirements.txt" in DEPLOYED
    assert {f"requirements/{name}.txt" for name in ("laptop", "dev", "sam", "audit", "sdk")} <= set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links|-f)\b", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks if PINNED.match(block))
    assert versions(lock)


@pytest.mark.parametrize("lock", DEPLOYED)
def test_what_is_deployed_is_what_the_laptop_tests(lock: str) -> None:
    tested = versions("requirements/dev.txt")
    assert {name: found for name, found in versions(lock).items() if not found <= tested[name]} == {}


def test_the_emulator_is_pinned_exactly() -> None:
    assert re.search(
        r"^ministack==\d+\.\d+\.\d+$", (ROOT / "requirements/laptop.in").read_text(), re.MULTILINE
    )
