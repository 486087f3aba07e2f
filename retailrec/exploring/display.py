"""Tables and plots for a notebook, in the colours of its theme."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL = "padding:.25em .9em .25em 0;border-bottom:1px solid rgba(128,128,128,.25);vertical-align:top;"
NUMBER = CELL + "text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;"
QUIET = "opacity:.7;font-size:.9em;margin:.35em 0 0;max-width:60em;"


@dataclass(frozen=True)
class Table:
    """A table with a title and a caption; a column that starts with ``>`` holds numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = ""

    def _repr_html_(self) -> str:
        return f'<div style="margin:.4em 2.2em .8em 0">{self.html()}</div>'

    def html(self) -> str:
        """Write it as HTML; everything from a file is escaped."""
        styles = [NUMBER if column.startswith(">") else CELL + "text-align:left;" for column in self.columns]
        heads = (
            f'<th scope="col" style="{style}">{escape(column.lstrip(">"))}</th>'
            for column, style in zip(self.columns, styles, strict=True)
        )
        lines = (
            "<tr>"
            + "".join(
                f'<td style="{style}">{escape(written(value))}</td>'
                for value, style in zip(row, styles, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        caption = f'<p style="{QUIET}">{escape(self.caption)}</p>' if self.caption else ""
        title = f'<p style="font-weight:600;margin:.2em 0">{escape(self.title)}</p>'
        head = f"<thead><tr>{''.join(heads)}</tr></thead>" if any(self.columns) else ""
        return (
            f'{title}<table style="border-collapse:collapse;margin:0">{head}'
            f"<tbody>{''.join(lines)}</tbody></table>{caption}"
        )


@dataclass(frozen=True)
class SideBySide:
    """Tables side by side, or below each other on a narrow screen."""

    tables: Sequence[Table]

    def _repr_html_(self) -> str:
        return (
            f'<div style="display:flex;flex-wrap:wrap">{"".join(t._repr_html_() for t in self.tables)}</div>'
        )


@dataclass(frozen=True)
class Picture:
    """A drawing."""

    figure: "Figure"
    alternative: str = ""

    def _repr_mimebundle_(self, **_asked: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return the plot for a notebook, with a text alternative."""
        from retailrec.metrics.figures import render

        encoded = b64encode(render(self.figure, "png")).decode()
        return {"image/png": encoded, "text/plain": self.alternative}, {
            "image/png": {"alt": self.alternative}
        }


def written(value: object) -> str:
    """Write a value: a whole number with a comma between thousands, others with four significant digits."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def facts(title: str, pairs: Iterable[tuple[str, object]], caption: str = "") -> Table:
    """Make a table of names and numbers."""
    return Table(title, ("", ">"), list(pairs), caption)
