"""Column mappings from the parameter or a file next to the data: which header is which of our columns."""

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.headers import fold

# Eight columns need no more; a text that is cut off one byte later is no JSON.
MAX_BYTES = 8 << 10

# Friendly names are the fields; those of Online Retail II are taken as well.
_ALSO = {
    "invoice": ("invoice_no",),
    "item_id": ("stock_code",),
    "timestamp": ("invoice_date",),
    "price": ("unit_price",),
}


class ColumnMapping(BaseModel):
    """For each of our columns, the header that it has in the file; empty where its usual ones do."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, strict=True)

    customer_id: str = ""
    item_id: str = ""
    timestamp: str = ""
    quantity: str = ""
    price: str = ""
    invoice: str = ""
    description: str = ""
    country: str = ""

    @model_validator(mode="before")
    @classmethod
    def _spell_keys(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError("it must be one JSON object, such as " + _EXAMPLE)
        spelled: dict[str, Any] = {}
        for key, header in given.items():
            field = _FIELDS.get(fold(str(key)))
            if field is None:
                raise ValueError(f"“{key}” is no column; columns are {', '.join(cls.model_fields)}")
            if field in spelled:
                raise ValueError(f"two of its keys mean {field}")
            if not isinstance(header, str) or not fold(header):
                raise ValueError(f"the header for {field} must be a text")
            spelled[field] = header
        return spelled

    @model_validator(mode="after")
    def _each_header_once(self) -> Self:
        headers = [fold(header) for header in self.headers().values()]
        twice = next((header for header in self.headers().values() if headers.count(fold(header)) > 1), None)
        if twice is not None:
            raise ValueError(f"the header “{twice}” is given to two columns")
        return self

    def headers(self) -> dict[str, str]:
        """Return the columns that the mapping names, each with its header in the file."""
        return {field: header for field, header in self.model_dump().items() if header}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a mapping from JSON or from ``column=header,…``; ``Rejected`` says what is wrong.

        An empty text is an empty mapping. A shell and the SAM CLI remove quotes: the second form has none.
        """
        try:
            return cls.model_validate(_load(text) if text.strip() else {})
        except ValidationError as problem:
            said = str(problem.errors()[0]["msg"]).removeprefix("Value error, ")
        except _Twice:
            said = "it has a key twice"
        except _NoPair as part:
            said = f"“{part}” is not column=header; a header with a comma or = in it needs JSON"
        except (ValueError, RecursionError):
            too_long = len(text.encode(errors="replace")) > MAX_BYTES
            said = f"it is longer than {MAX_BYTES:,} bytes" if too_long else "it is no JSON"
        raise Rejected(f"The column mapping cannot be used: {said}; correct it.")


class _Twice(Exception):
    """A key that a mapping has twice."""


class _NoPair(Exception):
    """A part of a list that is not column=header."""


def canonical(text: str) -> str:
    """Spell a mapping in the one way that is part of a run's identity; one that is none stays as it is."""
    try:
        headers = ColumnMapping.parse(text).headers()
    except Rejected:
        return text.strip()
    return json.dumps(headers, ensure_ascii=False, sort_keys=True) if headers else ""


def _load(text: str) -> Any:
    if "=" in text and not text.lstrip().startswith(("{", "[", '"')):
        return _no_key_twice([_pair(part) for part in text.split(",")])
    return json.loads(text, object_pairs_hook=_no_key_twice)


def _pair(part: str) -> tuple[str, str]:
    if part.count("=") != 1:
        raise _NoPair(part.strip())
    column, _, header = part.partition("=")
    return column.strip(), header


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


_EXAMPLE = '{"customer_id": "household_id", "item_id": "product_id"}'
_FIELDS = {
    fold(name): field for field in ColumnMapping.model_fields for name in (field, *_ALSO.get(field, ()))
}
