"""Download of the public Online Retail II file from the UCI repository."""

import zipfile
from pathlib import Path

import httpx
from rich.console import Console

from retailrec.views.screen import transfer_bar

UCI_URL = "https://archive.ics.uci.edu/static/public/502/online+retail+ii.zip"
TIMEOUT = httpx.Timeout(15.0, connect=5.0)
CHUNK = 1 << 16
MAX_BYTES = 500_000_000  # ten times the workbook: anything larger is another file


class Unavailable(Exception):
    """The file is not available; the message says why."""


def download_workbook(target: Path, screen: Console, url: str = UCI_URL) -> None:
    """Download the zip and write the workbook in it to ``target``, atomically.

    Raises Unavailable if the server does not answer, or its file is not a zip with one workbook.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    archive, draft = target.with_suffix(".zip.part"), target.with_suffix(".part")
    try:
        _fetch(url, archive, screen)
        _unpack(archive, draft)
        draft.replace(target)
    except httpx.HTTPError as error:
        raise Unavailable(
            f"{httpx.URL(url).host} does not provide it ({str(error) or type(error).__name__})"
        ) from error
    finally:
        archive.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _fetch(url: str, archive: Path, screen: Console) -> None:
    with httpx.stream("GET", url, timeout=TIMEOUT, follow_redirects=True) as answer:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        with transfer_bar(screen, "Downloading", total) as received, archive.open("wb") as file:
            for chunk in answer.iter_bytes(CHUNK):
                file.write(chunk)
                received(len(chunk))


def _unpack(archive: Path, draft: Path) -> None:
    if not zipfile.is_zipfile(archive):
        raise Unavailable("the downloaded file is not a zip file")
    with zipfile.ZipFile(archive) as opened:
        workbooks = [entry for entry in opened.infolist() if entry.filename.endswith(".xlsx")]
        if len(workbooks) != 1 or workbooks[0].file_size > MAX_BYTES:
            raise Unavailable("the zip file does not hold exactly one workbook")
        with opened.open(workbooks[0]) as source, draft.open("wb") as file:
            while chunk := source.read(CHUNK):
                file.write(chunk)
