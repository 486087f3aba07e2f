"""Takes the pictures in docs/images, of the console and of metrics, on a local cloud of its own."""

import csv
import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from local import cloud
from retailrec.client.stack import Stack
from retailrec.console.app import build
from retailrec.console.stack_session import StackSession
from retailrec.generate import Shape, write
from retailrec.metrics.command import newest
from retailrec.metrics.saving import save
from tests.browser import browser
from tests.console_server import serving
from tests.e2e.conftest import drop, follow

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1180, 860
PATIENCE_MS = 240_000
ROWS = 60_000
MONTHS = {"August": 0.85, "September": 0.9, "October": 0.95, "November": 1.0}


def main() -> None:
    """Bring a cloud up, make some runs, take the pictures, and take the cloud down."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ["RETAILREC_STATE_DIR"] = str(folder / "cloud")
        try:
            stack = Stack.local(cloud.up(print))
            *before, last = _files(folder)
            for file in before:
                follow(stack, drop(stack, file))
            _take(stack, last)
            _draw(stack)
        finally:
            cloud.down(print)


def _files(folder: Path) -> list[Path]:
    """Write one shop's sales as it would export them from month to month, each file with all until then."""
    whole = folder / "all.csv"
    write(whole, Shape.of_rows(ROWS), seed=3)
    with whole.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    date = header.index("InvoiceDate")
    files = []
    for month, share in MONTHS.items():
        path = folder / f"sales until {month}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [header, *sorted(rows, key=lambda row: row[date])[: int(ROWS * share)]]
            )
        files.append(path)
    return files


def _take(stack: Stack, last: Path) -> None:
    shop = StackSession.of(stack)
    with serving(build(lambda: shop)) as url, browser() as opened:
        page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(f"{url}/#/drop")
        page.set_input_files("#file", last)
        expect(page.locator("[data-stage=train][data-state=running]")).to_be_visible(timeout=PATIENCE_MS)
        page.wait_for_timeout(2500)
        _shoot(page, "drop")
        expect(page.locator("#dropped .badge.live")).to_be_visible(timeout=PATIENCE_MS)
        for view, ready in (("runs", ".reasons li"), ("model", "#over-title")):
            page.goto(f"{url}/#/{view}")
            expect(page.locator(ready).first).to_be_visible(timeout=PATIENCE_MS)
            _shoot(page, view)
        page.emulate_media(color_scheme="dark")
        page.goto(f"{url}/#/customers/13085")
        expect(page.locator("#real-time .items li").first).to_be_visible(timeout=PATIENCE_MS)
        _shoot(page, "customers")


def _draw(stack: Stack) -> None:
    """Draw what `retailrec metrics --plot` draws, of the newest run and of all."""
    runs = newest(stack, None)
    save(IMAGES / "metrics-run.png", "png", runs[-1:])
    save(IMAGES / "metrics-runs.png", "png", runs)


def _shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(1000)
    page.screenshot(path=IMAGES / f"console-{name}.png")


if __name__ == "__main__":
    main()
