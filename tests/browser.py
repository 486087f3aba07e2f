"""A headless Chromium for tests and pictures: the machine's own, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Find the browser: RETAILREC_CHROMIUM, or one on the PATH."""
    return os.environ.get("RETAILREC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Open a browser while the context lasts."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        try:
            yield opened
        finally:
            opened.close()
