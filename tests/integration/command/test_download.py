import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from retailrec.commands.download import Unavailable, download_workbook
from retailrec.views.screen import out

Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve some bytes at the URL that is returned."""
    servers: list[tuple[HTTPServer, threading.Thread]] = []

    def start(body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/file.zip"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_the_workbook_is_taken_out_of_the_zip(serve: Serve, tmp_path: Path) -> None:
    target = tmp_path / "data" / "online_retail_II.xlsx"
    download_workbook(target, out(), serve(zipped(**{"online_retail_II.xlsx": b"PK rows"})))
    assert target.read_bytes() == b"PK rows"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>please log in</html>", zipped(readme=b"none"), zipped(**{"a.xlsx": b"1", "b.xlsx": b"2"})],
    ids=["refused", "no zip", "no workbook", "two workbooks"],
)
def test_whatever_else_comes_leaves_nothing(body: bytes, serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        download_workbook(tmp_path / "file.xlsx", out(), serve(body))
    assert list(tmp_path.iterdir()) == []


def test_nobody_at_the_address_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 does not provide it"):
        download_workbook(tmp_path / "file.xlsx", out(), "http://127.0.0.1:9/file.zip")
