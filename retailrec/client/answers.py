"""What the REST API answers; fields that it may add later are not minded."""

from pydantic import BaseModel


class Recommendation(BaseModel):
    """One recommended item."""

    item_id: str
    description: str | None = None
    score: float
    source: str | None = None
    why: str | None = None
    because_of: str | None = None


class Recommendations(BaseModel):
    """What a customer may like, the best first."""

    customer_id: str | None
    run_id: str
    source: str
    recommendations: list[Recommendation]

    @property
    def personal(self) -> bool:
        """Tell whether the answer is the customer's own, and not what is popular."""
        return not self.source.startswith("popular")


class Explained(Recommendation):
    """A recommended item with where it comes from and why, where the API tells."""

    source: str | None = None
    why: str | None = None


class Explanations(BaseModel):
    """What a customer may like, the best first, each with its reason."""

    customer_id: str
    run_id: str
    source: str
    recommendations: list[Explained]


class Similar(BaseModel):
    """The items that are most like one, the most alike first."""

    item_id: str
    run_id: str
    description: str | None = None
    source: str
    items: list[Explained]


class Purchase(BaseModel):
    """One line of an invoice."""

    timestamp: str
    invoice: str | None = None
    item_id: str
    description: str | None = None
    quantity: float | None = None
    price: float | None = None


class Purchases(BaseModel):
    """A customer's latest purchases, the newest first, of ``total`` in all."""

    customer_id: str
    run_id: str
    country: str | None = None
    total: int
    purchases: list[Purchase]
