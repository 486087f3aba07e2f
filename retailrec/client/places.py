"""Where the demo finds data and leaves its results, below the repository's root."""

from pathlib import Path

from retailrec.client.problems import Problem

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
PUBLIC_FILE = DATA / "online_retail_II.xlsx"
DEMO = REPOSITORY / "build" / "demo"
GENERATED_FILE = DEMO / "generated.xlsx"
REPORT = DEMO / "report.json"
QUALITY_PAGE = "quality-report.html"  # beside the report


def need_repository() -> None:
    """Raise Problem where the template, the functions and the algorithm are not here: a wheel holds none."""
    if not (REPOSITORY / "template.yaml").is_file():
        raise Problem(
            "This works with the files of the repository (template.yaml, functions/, algorithm/), and "
            "the installed package does not hold them: clone the repository, and run `make setup` there."
        )
