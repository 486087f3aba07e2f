"""The parts that several cards of the page share."""

from collections.abc import Sequence

from prepare_dataset.report.page.markup import Child, Markup, element, join


def card(title: str, *content: Markup, half: bool = False) -> Markup:
    """Make a card with a title."""
    return element("section", element("h2", title), *content, class_="card half" if half else "card")


def note(*content: Child) -> Markup:
    """Make a sentence in a small font."""
    return element("p", *content, class_="note")


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Child]], *, classes: str | None = None, kinds: str
) -> Markup:
    """Make a table; ``kinds`` has a letter for each column: t text, n number, w wide-screen only, o old."""
    names = [{"t": None, "n": "n", "w": "w", "o": "n old"}[kind] for kind in kinds]
    head = join(
        element("th", header, scope="col", class_=name) for header, name in zip(headers, names, strict=True)
    )
    return element(
        "table",
        element("thead", element("tr", head)),
        element("tbody", *(_row(row, names) for row in rows)),
        class_=classes,
    )


def _row(row: Sequence[Child], names: Sequence[str | None]) -> Markup:
    first, *others = row
    cells = (element("td", cell, class_=name) for cell, name in zip(others, names[1:], strict=True))
    return element("tr", element("th", first, scope="row"), *cells)


def figures(headers: Sequence[str], rows: Sequence[Sequence[Child]], kinds: str) -> Markup:
    """Make a table of a chart's figures that is folded at first."""
    return element(
        "details",
        element("summary", "The figures"),
        element("div", table(headers, rows, kinds=kinds), tabindex=0, role="region", aria_label="Figures"),
    )
