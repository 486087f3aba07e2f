"""Checks the host name of a request, and that no web page sent it.

A browser lets any page send requests to this machine, and a page's own name can be pointed here (DNS
rebinding). It always sends the requested host name and, with a cross-site request, the page's origin.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from local.sagemaker.guard.keys import Reason, Refused
from local.sagemaker.guard.request import Request

# The file that lists further names, in the folder of a cloud.
LISTED = "guard-hosts"

# Every name that ends in .localhost is this machine's (RFC 6761): nobody can point one elsewhere.
_NAME = re.compile(r"127\.0\.0\.1|\[::1\]|(?:[a-z0-9_-]+\.)*localhost", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Hosts:
    """The names of one port: those of the loopback interface, and the ones that a file lists.

    The file is written for containers, which reach this machine by another name.
    """

    port: int
    listed: Path | None = None

    def check(self, request: Request) -> None:
        """Raise Refused for a request from a web page, or with a foreign host name."""
        if request.method == "OPTIONS" or "origin" in request.headers:
            raise Refused(Reason.PAGE, "Web pages may not send requests here.")
        if request.headers.get("sec-fetch-site", "none") != "none":
            raise Refused(Reason.PAGE, "Web pages may not send requests here.")
        names = request.headers.get_all("host") or []
        if len(names) != 1 or not self._ours(names[0]):
            raise Refused(Reason.PAGE, "Use 127.0.0.1 as the host name.")

    def _ours(self, host: str) -> bool:
        name, colon, port = host.rpartition(":")
        if not colon or port != str(self.port):
            return False
        return _NAME.fullmatch(name) is not None or name in self._more()

    def _more(self) -> list[str]:
        if self.listed is None or not self.listed.is_file():
            return []
        return self.listed.read_text().split()
