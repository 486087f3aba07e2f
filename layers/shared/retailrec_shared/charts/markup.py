"""HTML and SVG in which everything that is not markup already is escaped."""

import re
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

_VOID = frozenset({"meta", "br"})
# What HTML cannot hold, escaped or not: control characters, and surrogates without their other half.
_IMPOSSIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is HTML already; only ``element``, ``join`` and trusted constants make it."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | None"
Attribute: TypeAlias = "str | int | float | bool | None"


def text(value: Child) -> Markup:
    """Escape a value, unless it is markup; ``None`` is nothing."""
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else escape(_IMPOSSIBLE.sub("\ufffd", str(value)), quote=True))


def join(children: Iterable[Child]) -> Markup:
    """Put children one after the other."""
    return Markup("".join(text(child) for child in children))


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Make an element; ``class_`` is the attribute class, ``None`` is left out."""
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_number(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{spelled}>")
    return Markup(f"<{name}{spelled}>{join(children)}</{name}>")


def _number(value: Attribute) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is True else str(value)


def foreign(value: str, most: int = 80) -> Markup:
    """Show a text from outside: cut if it is long, and isolated, so that its direction stays its own."""
    return element("bdi", value if len(value) <= most else value[: most - 1] + "…")
