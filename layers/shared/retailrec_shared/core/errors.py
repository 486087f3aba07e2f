"""Three families of failure: of the input, of time, and of our code.

``Rejected``: the file, model or request cannot be used, and the run ends with a sentence
for its owner. ``NotYet``: nothing failed, a later event or the reconciler tries again.
Any other exception: the function fails, Lambda retries it, and then the dead-letter queue
keeps the event.
"""

import re

MAX_REASON = 1_000
# Control characters, line ends, those that turn a text's direction, and surrogates without their other half.
UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def one_line(text: str, most: int) -> str:
    """Return a foreign text without characters that are unsafe in a terminal, a log or an e-mail."""
    shown = UNSAFE.sub("\ufffd", text[: most + 1])
    return shown if len(text) <= most else shown[: most - 1] + "…"


class Rejected(Exception):
    """The file, the model or the request cannot be used; ``reason`` says why and what to do.

    ``sheet``, ``row`` (1-based, as a spreadsheet shows it) and ``column`` name
    the place, where there is one.
    """

    def __init__(
        self, reason: str, *, sheet: str | None = None, row: int | None = None, column: str | None = None
    ) -> None:
        reason = one_line(reason, MAX_REASON)
        super().__init__(reason)
        self.reason = reason
        self.sheet = None if sheet is None else one_line(sheet, 80)
        self.row = row
        self.column = column

    def __str__(self) -> str:
        place = [
            f"{label} {value}"
            for label, value in (("sheet", self.sheet), ("row", self.row), ("column", self.column))
            if value is not None
        ]
        return f"{self.reason} ({', '.join(place)})" if place else self.reason


class NotYet(Exception):
    """Something this step needs is not ready (a quota, a busy endpoint, an earlier step)."""


class NotAccepted(RuntimeError):
    """An event that EventBridge did not take, though the call itself succeeded; to be sent again."""


class Unsettled(NotYet):
    """AWS may not know everywhere yet what is new: a role, its policy, a model, an endpoint config.

    Waited for as long as that may take; then the run fails with the same sentence.
    """
