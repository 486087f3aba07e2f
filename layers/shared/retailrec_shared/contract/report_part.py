"""The base of all parts of the quality report."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema


class Part(BaseModel):
    """A part of the report. Readers ignore unknown fields, as later versions may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


# JSON Schema's "date-time" requires a zone, which the clock in a shop does not have.
ShopTime = Annotated[
    datetime,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$",
            "description": "A time on the shop's own clock.",
        }
    ),
]
