"""Look every locked package up among the known vulnerabilities, with pip-audit.

Asks OSV, and where that is not reachable PyPI. A package that neither could look up is a
failure, never a pass: what was not asked about is not known to be safe.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = ROOT / ".venv-audit" / "bin" / "pip-audit"
SERVICES = ("osv", "pypi")
PATTERNS = (
    "requirements/*.txt", "layers/*/requirements.txt", "functions/*/requirements.txt",
    "algorithm/requirements.txt",
)  # fmt: skip


class Audit(NamedTuple):
    """What a service said of a lock: vulnerabilities found, and packages that it could not look up."""

    vulnerable: list[str]
    unknown: list[str]


def locks() -> Iterator[Path]:
    """Yield every lock file."""
    for pattern in PATTERNS:
        yield from sorted(ROOT.glob(pattern))


def read(answer: dict[str, Any]) -> Audit:
    """Read pip-audit's JSON."""
    vulnerable, unknown = [], []
    for package in answer["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
        for found in package.get("vulns", []):
            fixed = ", ".join(found["fix_versions"]) or "no release yet"
            vulnerable.append(f"{package['name']} {package['version']}: {found['id']} (fixed in: {fixed})")
    return Audit(vulnerable, unknown)


def ask(lock: Path, service: str) -> Audit | str:
    """Audit one lock; returns the reason when the service could not be asked."""
    command = [str(PIP_AUDIT), "--requirement", str(lock), "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--vulnerability-service", service, "--progress-spinner", "off", "--timeout", "20"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return read(json.loads(ended.stdout))
    except json.JSONDecodeError:
        lines = [line for line in ended.stderr.splitlines() if "ERROR" in line] or ended.stderr.splitlines()
        return lines[-1][:200] if lines else f"pip-audit ended with {ended.returncode}"


def choose_service(lock: Path) -> tuple[str | None, list[str]]:
    """Find a service that can look up the packages of a lock, and why others cannot."""
    reasons = []
    for service in SERVICES:
        answer = ask(lock, service)
        if isinstance(answer, str):
            reasons.append(f"{service}: {answer}")
        elif answer.unknown:
            reasons.append(f"{service}: it could not look up {', '.join(answer.unknown[:5])}")
        else:
            return service, reasons
    return None, reasons


def main() -> int:
    """Audit every lock; return the exit code: 0 clean, 1 vulnerable, 2 when it could not be asked."""
    service, reasons = choose_service(ROOT / "requirements" / "uv.txt")
    if service is None:
        sys.stdout.write("No vulnerability service is reachable, so nothing was audited:\n")
        sys.stdout.writelines(f"  {reason}\n" for reason in reasons)
        sys.stdout.write("Run `make audit` where api.osv.dev or pypi.org can be reached.\n")
        return 2
    code = 0
    for lock in locks():
        answer = ask(lock, service)
        name = lock.relative_to(ROOT)
        if isinstance(answer, str) or answer.unknown:
            why = answer if isinstance(answer, str) else f"not looked up: {', '.join(answer.unknown)}"
            sys.stdout.write(f"{name}: not audited. {why}\n")
            code = 2
            continue
        sys.stdout.write(f"{name}: {len(answer.vulnerable)} known vulnerabilities\n")
        sys.stdout.writelines(f"  {found}\n" for found in answer.vulnerable)
        code = code or (1 if answer.vulnerable else 0)
    return code


if __name__ == "__main__":
    sys.exit(main())
