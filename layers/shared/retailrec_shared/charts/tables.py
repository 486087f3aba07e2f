"""Tables of figures, on their own or folded away below a chart."""

from collections.abc import Sequence

from retailrec_shared.charts.markup import Child, Markup, element, join


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


def figures(
    headers: Sequence[str],
    rows: Sequence[Sequence[Child]],
    kinds: str,
    *,
    name: str = "Figures",
    key: str | None = None,
) -> Markup:
    """Fold the figures of a chart away below it; ``name`` is for screen readers."""
    shown = element("div", table(headers, rows, kinds=kinds), tabindex=0, role="region", aria_label=name)
    return element("details", element("summary", "The figures"), shown, id=key)
