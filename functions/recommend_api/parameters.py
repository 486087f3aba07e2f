"""The parameters and bodies of requests."""

import re
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

MAX_IDS = 1000
LONGEST_ID, LONGEST_TEXT = 256, 500  # as prepare_dataset accepts them in a file

Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
OnlyId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, strict=True)]
_Decoded = BeforeValidator(unquote)  # so that the limit counts the id's own characters
_PathId = Path(min_length=1, max_length=LONGEST_ID, description="The id, as in the data, URL-encoded.")
CustomerId = Annotated[str, _PathId, _Decoded]
ItemId = Annotated[str, _PathId, _Decoded]
RunId = Annotated[str, Path(min_length=1, max_length=64, description="A run's id."), _Decoded]
TopN = Annotated[int, Query(ge=1, le=100, description="How many items to recommend.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many to list.")]
ExcludePurchased = Annotated[
    bool | None,
    Query(
        description="Whether to leave out what the customer bought already; by default as the batch job of "
        "the live run does, which the stack's parameter ExcludePurchased decides."
    ),
    WithJsonSchema({"type": "boolean"}),  # absent, never null
]
Exclude = Annotated[
    list[str],
    Query(description="Ids of items to leave out: repeat the parameter, or separate them by commas."),
]
InStock = Annotated[
    list[Annotated[str, WithJsonSchema({"type": "string", "pattern": "[^,]"})]],
    Query(
        description="Ids of the only items to recommend: repeat the parameter, or separate them by commas."
    ),
]
# Of the routes that take any id whatever: in the query, where nothing is split.
_QueryId = Query(alias="id", min_length=1, max_length=LONGEST_ID, description="The id, as in the data.")
IdInQuery = Annotated[str, _QueryId]
WholeIds = Annotated[list[Id], Query(description="Ids of items to leave out: repeat the parameter.")]
WholeStock = Annotated[
    list[Id], Query(description="Ids of the only items to recommend: repeat the parameter.")
]
Country = Annotated[str, Query(max_length=LONGEST_TEXT, description="A country, as in the data.")]
_MONTH = "[0-9]{4}-(0[1-9]|1[0-2])"
_DAY = "[0-9]{4}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_FOURTH = "(0[48]|[2468][048]|[13579][26])"  # of the years of a century, or of centuries
_LEAP_DAY = f"([0-9]{{2}}{_FOURTH}|({_FOURTH}|00)00)-02-29"
_SINCE = f"^({'|'.join(('', _MONTH, _DAY, _LEAP_DAY))})$"


def _month(value: str) -> str:
    """Check a month or a day, with an error message that says more than the pattern."""
    if not re.fullmatch(_SINCE, value):
        raise ValueError("give a month, as YYYY-MM, or a day of the calendar, as YYYY-MM-DD")
    return value


Since = Annotated[
    str,
    Query(description="Count purchases from this month on: YYYY-MM, or a day of it."),
    AfterValidator(_month),
    WithJsonSchema({"type": "string", "pattern": _SINCE}),
]
Prefix = Annotated[str, Query(max_length=LONGEST_ID, description="What the ids begin with.")]
After = Annotated[
    str,
    Query(
        max_length=LONGEST_ID, description="The id after which to continue: `next` of the previous response."
    ),
]


def _number(value: Any) -> Any:
    """Accept 7 and 7.0, which JSON Schema calls integers, but neither "7" nor true."""
    if isinstance(value, bool | str):
        raise ValueError("give a number")
    return value


class RecommendationRequest(BaseModel):
    """Customers to recommend to, or the basket of a visitor; exactly one of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"items": ["85123A", "22423"], "top_n": 5}, {"customers": ["13085", "17519"]}],
            "oneOf": [{"required": ["items"]}, {"required": ["customers"]}],
        },
    )

    items: Annotated[
        list[Id], Field(min_length=1, max_length=MAX_IDS, description="A basket.", default_factory=list)
    ]
    customers: Annotated[list[Id], Field(min_length=1, max_length=100, default_factory=list)]
    top_n: Annotated[int, Field(ge=1, le=100), BeforeValidator(_number)] = 10
    exclude: Annotated[list[Id], Field(max_length=MAX_IDS)] = []
    in_stock: Annotated[
        list[Id] | None,
        Field(min_length=1, max_length=MAX_IDS, description="The only items that may be recommended."),
    ] = None
    exclude_purchased: Annotated[
        bool | None,
        Field(
            strict=True,
            description="Whether to leave out what was bought, or is in the basket; by default as the batch "
            "job of the live run does, which the stack's parameter ExcludePurchased decides.",
        ),
    ] = None
    country: Annotated[
        str | None, Field(max_length=LONGEST_TEXT, description="Where a visitor is, for popular items.")
    ] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "RecommendationRequest":
        if ("items" in self.model_fields_set) == ("customers" in self.model_fields_set):
            raise ValueError("give exactly one of items and customers")
        return self


class Invocation(BaseModel):
    """A request in the algorithm's own contract; the fields that our own image adds to it are optional."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"user_id": "13085", "top_n": "10"},
                {"items": ["85123A", "22423"], "top_n": "5"},
                {"similar_to": "85123A"},
            ],
            "anyOf": [{"required": ["user_id"]}, {"required": ["items"]}, {"required": ["similar_to"]}],
            "not": {"required": ["items", "similar_to"]},
        },
    )

    user_id: Annotated[OnlyId, Field(description="The user to recommend to.", default_factory=str)]
    top_n: Annotated[str, Field(pattern="^([1-9][0-9]?|100)$", description="A number, as text.")] = "10"
    exclude_purchased: Annotated[
        bool, Field(strict=True, description="Whether to leave out what was bought; our own image only.")
    ] = True
    exclude: Annotated[
        list[OnlyId],
        Field(
            max_length=MAX_IDS, description="Items to leave out; our own image only.", default_factory=list
        ),
    ]
    items: Annotated[
        list[OnlyId],
        Field(
            max_length=MAX_IDS,
            description="A basket, folded in together with the purchases of the user, if one is named; "
            "our own image only.",
            default_factory=list,
        ),
    ]
    similar_to: Annotated[
        OnlyId,
        Field(description="The item to find similar ones for; our own image only.", default_factory=str),
    ]

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Invocation":
        given = self.model_fields_set
        if not given & {"user_id", "items", "similar_to"}:
            raise ValueError("give user_id, items or similar_to")
        if {"items", "similar_to"} <= given:
            raise ValueError("give items or similar_to, not both")
        return self


def excluded_ids(given: Iterable[str], commas: bool) -> frozenset[str]:
    """Return the ids to exclude; raises RequestValidationError when there are too many."""
    return _ids([*given], "exclude", commas)


def stocked_ids(given: Iterable[str], commas: bool) -> frozenset[str] | None:
    """Return the only ids that may be recommended, ``None`` where none are given.

    Raises RequestValidationError when there are too many, or where a value names none: a shop with nothing
    in stock would otherwise be recommended what it does not have.
    """
    texts = [*given]
    if not all(text.strip("," if commas else "") for text in texts):
        raise _refusal("in_stock", "name at least one item, or leave it out")
    return _ids(texts, "in_stock", commas) or None


def _ids(texts: list[str], field: str, commas: bool) -> frozenset[str]:
    found = [part for text in texts for part in (text.split(",") if commas else [text]) if part]
    if len(found) > MAX_IDS:
        raise _refusal(field, f"give at most {MAX_IDS} ids, these are {len(found)}")
    return frozenset(found)


def _refusal(field: str, said: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", field), "msg": said}])
