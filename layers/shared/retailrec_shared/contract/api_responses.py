"""The bodies of the REST API's responses. Later releases may add fields, which clients ignore."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from retailrec_shared.contract.open_values import OPEN

Source = Annotated[Literal["endpoint", "batch", "similar", "popular_in_country", "popular"], OPEN]
RunId = Annotated[
    str, Field(description="The run whose model or data the response is from.", examples=["0a1b2c3d4e5f6071"])
]
ItemId = Annotated[str, Field(examples=["85123A"])]
Description = Annotated[
    str | None,
    Field(description="Null where the data has none.", examples=["WHITE HANGING HEART T-LIGHT HOLDER"]),
]


class Recommendation(BaseModel):
    """One recommended item; the score's scale depends on the item's source."""

    item_id: ItemId
    description: Description
    score: Annotated[
        float,
        Field(description="The model's score; similar: a similarity; popular: how many customers bought it."),
    ]
    source: Annotated[Source, Field(description="The source of this item.")]
    why: Annotated[
        str | None,
        Field(
            description="The reason, where the source has one.",
            examples=["Because you bought WHITE HANGING HEART T-LIGHT HOLDER."],
        ),
    ] = None
    because_of: Annotated[
        str | None, Field(description="The item whose purchase is the reason.", examples=["85123A"])
    ] = None


class Recommendations(BaseModel):
    """Recommendations for a customer, the best first.

    ``source`` is that of the first item; where a source has too few items, the next one adds some.
    """

    customer_id: Annotated[str | None, Field(description="Null for a basket.", examples=["13085"])]
    run_id: RunId
    source: Source
    recommendations: list[Recommendation]

    @property
    def personal(self) -> bool:
        """Whether the items follow from the customer's purchases, and not from what is popular."""
        return not self.source.startswith("popular")


class ManyRecommendations(BaseModel):
    """The recommendations for each customer, in the order of the request."""

    answers: list[Recommendations]


class Purchase(BaseModel):
    """One line of an invoice; the price is sterling per unit."""

    timestamp: Annotated[str, Field(examples=["2011-12-09T12:50:00"])]
    invoice: Annotated[str | None, Field(examples=["581587"])]
    item_id: ItemId
    description: Description
    quantity: int | float | None
    price: float | None


class Purchases(BaseModel):
    """A customer's latest purchases, the newest first, of ``total`` in all."""

    customer_id: Annotated[str, Field(examples=["13085"])]
    run_id: RunId
    country: Annotated[str | None, Field(examples=["United Kingdom"])]
    total: int
    purchases: list[Purchase]


class Customers(BaseModel):
    """Ids of customers, in order of code points; ``next`` is the ``after`` of the next page."""

    run_id: RunId
    total: Annotated[int, Field(description="How many customers the run has in all.")]
    customers: Annotated[list[str], Field(examples=[["13085", "13086"]])]
    next: Annotated[str | None, Field(description="Null on the last page.", examples=["13086"])]


class Item(BaseModel):
    """An item of the catalogue."""

    item_id: ItemId
    run_id: RunId
    description: Description
    customers: Annotated[int | None, Field(description="How many customers bought it.")] = None
    quantity: Annotated[float | None, Field(description="How many pieces were bought in all.")] = None


class SimilarItems(BaseModel):
    """Items bought by the same customers, the most similar first, filled up with popular ones."""

    item_id: ItemId
    run_id: RunId
    description: Description
    source: Source
    items: list[Recommendation]


class PopularItems(BaseModel):
    """What most customers bought; source, country and since are those of the first item's ranking.

    Where that ranking has too few items, wider ones follow: each item says how many customers bought it,
    where and since when.
    """

    run_id: RunId
    source: Source
    country: Annotated[str | None, Field(description="Null: all countries.", examples=["France"])]
    since: Annotated[str | None, Field(description="First day; null: all time.", examples=["2011-11-01"])]
    items: list[Recommendation]


class StageView(BaseModel):
    """When a stage of a run started and ended, and what it waits for."""

    started_at: str | None
    ended_at: str | None
    seconds: float | None
    waiting: str | None


class RunView(BaseModel):
    """A run of the pipeline."""

    run_id: RunId
    status: str
    status_at: str
    live: Annotated[bool, Field(description="Whether this run serves.")]
    file: Annotated[str, Field(description="Key of the dropped file.", examples=["online_retail_II.xlsx"])]
    bytes: int
    uploaded_at: str
    algorithm: str | None
    configuration: dict[str, str]
    stages: dict[str, StageView]
    counts: dict[str, int]
    metrics: dict[str, float]
    reason: str | None
    next_step: str | None
    failed_stage: str | None
    replaced: Annotated[str | None, Field(description="The run that was live before.")]
    not_available: Annotated[list[str], Field(description="What its algorithm, a Marketplace one, lacks.")]


class Runs(BaseModel):
    """Runs, the newest upload first."""

    live: Annotated[str | None, Field(description="Id of the run that serves.")]
    runs: list[RunView]


class Model(BaseModel):
    """The model that serves."""

    run_id: RunId
    live_since: str
    age_seconds: Annotated[float, Field(description="How long it has been live.")]
    algorithm: str | None
    file: str
    uploaded_at: str
    metrics: Annotated[dict[str, float], Field(examples=[{"p@k(10)": 0.19}])]
    counts: dict[str, int]


class Scored(BaseModel):
    """One line of the algorithm's response."""

    user_id: str | None = None
    item_id: str
    score: float


class FieldError(BaseModel):
    """What is wrong with a field."""

    field: str
    detail: str


class Problem(BaseModel):
    """A problem (RFC 9457), with the invalid fields where there are any."""

    type: Annotated[str, Field(examples=["urn:retailrec:problem:invalid-request"])]
    title: Annotated[str, Field(examples=["Bad Request"])]
    status: Annotated[int, Field(examples=[400])]
    detail: Annotated[str, Field(examples=["top_n: Input should be less than or equal to 100"])]
    field: Annotated[str | None, Field(examples=["top_n"])] = None
    errors: list[FieldError] | None = None
