"""Paths of the demo's data and results, below the repository's root."""

from pathlib import Path

from retailrec.client.problems import Problem

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
PUBLIC_FILE = DATA / "online_retail_II.xlsx"
DEMO = REPOSITORY / "build" / "demo"
GENERATED_FILE = DEMO / "generated.xlsx"
REPORT = DEMO / "report.json"
QUALITY_PAGE = "quality-report.html"  # next to the report


def need_repository() -> None:
    """Raise Problem if the template, the functions and the algorithm are missing, as in a wheel."""
    if not (REPOSITORY / "template.yaml").is_file():
        raise Problem(
            "This needs the files of the repository (template.yaml, functions/, algorithm/), which the "
            "installed package does not hold: clone the repository, and run `make setup` there."
        )
