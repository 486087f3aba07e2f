"""Where the demo finds data and leaves its results, below the repository's root."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = REPOSITORY / "data"
PUBLIC_FILE = DATA / "online_retail_II.xlsx"
DEMO = REPOSITORY / "build" / "demo"
GENERATED_FILE = DEMO / "generated.xlsx"
REPORT = DEMO / "report.json"
QUALITY_PAGE = "quality-report.html"  # beside the report
