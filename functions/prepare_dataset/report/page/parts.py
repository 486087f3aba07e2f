"""The parts that several cards of the page share."""

from retailrec_shared.charts.markup import Child, Markup, element


def card(title: str, *content: Markup, half: bool = False) -> Markup:
    """Make a card with a title."""
    return element("section", element("h2", title), *content, class_="card half" if half else "card")


def note(*content: Child) -> Markup:
    """Make a sentence in a small font."""
    return element("p", *content, class_="note")
