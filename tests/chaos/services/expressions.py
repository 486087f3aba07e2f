"""DynamoDB's expressions, as far as the ledger uses them; anything else is a NotImplementedError.

Values stay in DynamoDB's own notation, such as ``{"S": "text"}``. ``test_fakes.py``
compares this with moto.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

Item = dict[str, Any]
TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][\w]*|<>|<=|>=|[=<>(),.+-])")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


class Context(NamedTuple):
    """What an expression is evaluated against."""

    item: Item
    names: Mapping[str, str]
    values: Mapping[str, Any]


class InvalidPath(Exception):
    """A path whose parent is not there: DynamoDB refuses to write below it."""


Term = Callable[[Context], Any]
Path = tuple[str, ...]


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        if "".join(self.tokens) != re.sub(r"\s", "", text):
            raise NotImplementedError(text)
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token.upper() != wanted):
            raise NotImplementedError(f"{wanted or 'a token'} instead of {token!r}")
        self.position += 1
        return token

    def accept(self, wanted: str) -> bool:
        if self.peek().upper() != wanted:
            return False
        self.position += 1
        return True

    def path(self) -> Path:
        parts = [self.take()]
        while self.accept("."):
            parts.append(self.take())
        return tuple(parts)

    def operand(self) -> Term:
        left = self._single()
        if self.accept("+"):
            right = self._single()
            return lambda context: {"N": str(Decimal(left(context)["N"]) + Decimal(right(context)["N"]))}
        return left

    def _single(self) -> Term:
        token = self.peek()
        if token.startswith(":"):
            self.take()
            return lambda context: context.values[token]
        if token.lower() == "if_not_exists":
            self.take()
            self.take("(")
            path = self.path()
            self.take(",")
            other = self.operand()
            self.take(")")
            return lambda context: _or(find(context, path), other, context)
        path = self.path()
        return lambda context: find(context, path)

    def condition(self) -> Term:
        terms = [self._conjunction()]
        while self.accept("OR"):
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else lambda context: any(term(context) for term in terms)

    def _conjunction(self) -> Term:
        terms = [self._negation()]
        while self.accept("AND"):
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else lambda context: all(term(context) for term in terms)

    def _negation(self) -> Term:
        if self.accept("NOT"):
            inner = self._negation()
            return lambda context: not inner(context)
        if self.accept("("):
            inner = self.condition()
            self.take(")")
            return inner
        if self.peek().lower() in {"attribute_exists", "attribute_not_exists"}:
            return self._existence()
        return self._comparison()

    def _existence(self) -> Term:
        wanted = self.take().lower() == "attribute_exists"
        self.take("(")
        path = self.path()
        self.take(")")
        return lambda context: (find(context, path) is not None) == wanted

    def _comparison(self) -> Term:
        left = self.operand()
        if self.accept("IN"):
            self.take("(")
            choices = [self.operand()]
            while self.accept(","):
                choices.append(self.operand())
            self.take(")")
            return lambda context: any(left(context) == choice(context) for choice in choices)
        sign = self.take()
        right = self.operand()
        return lambda context: _compare(sign, left(context), right(context))


def _or(found: Any, other: Term, context: Context) -> Any:
    return other(context) if found is None else found


def _compare(sign: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    ((left_type, left_value),) = left.items()
    ((right_type, right_value),) = right.items()
    if left_type != right_type:
        return sign == "<>"
    if left_type == "N":
        left_value, right_value = Decimal(left_value), Decimal(right_value)
    return COMPARISONS[sign](left_value, right_value)


def _resolve(context: Context, path: Path) -> list[str]:
    return [context.names[part] if part.startswith("#") else part for part in path]


def find(context: Context, path: Path) -> Any:
    """Read a path; ``None`` where it leads nowhere."""
    place: Any = {"M": context.item}
    for part in _resolve(context, path):
        place = place.get("M", {}).get(part) if place else None
    return place


def write(item: Item, parts: list[str], value: Any) -> Item:
    """Return the item with a path set, or removed where ``value`` is ``None``; the item itself stays."""
    first, *rest = parts
    if rest:
        if "M" not in item.get(first, {}):
            raise InvalidPath(".".join(parts))
        return item | {first: {"M": write(item[first]["M"], rest, value)}}
    if value is None:
        return {name: held for name, held in item.items() if name != first}
    return item | {first: value}


@cache
def condition(text: str) -> Term:
    """Compile a condition expression."""
    parser = _Parser(text)
    term = parser.condition()
    if parser.peek():
        raise NotImplementedError(text)
    return term


@cache
def _update(text: str) -> tuple[list[tuple[Path, Term]], list[Path]]:
    parser = _Parser(text)
    sets: list[tuple[Path, Term]] = []
    removes: list[Path] = []
    while parser.peek():
        clause = parser.take().upper()
        while True:
            path = parser.path()
            if clause == "SET":
                parser.take("=")
                sets.append((path, parser.operand()))
            elif clause == "REMOVE":
                removes.append(path)
            else:
                raise NotImplementedError(text)
            if not parser.accept(","):
                break
    return sets, removes


def update(text: str, context: Context) -> Item:
    """Apply an update expression; every operand is read before anything is written."""
    sets, removes = _update(text)
    values = [(path, term(context)) for path, term in sets]
    item = context.item
    for path, value in values:
        item = write(item, _resolve(context, path), value)
    for path in removes:
        item = write(item, _resolve(context, path), None)
    return item
