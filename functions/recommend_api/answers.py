"""The bodies that the API answers with."""

from typing import Literal

from pydantic import BaseModel

Source = Literal["endpoint", "batch", "popular_in_country", "popular"]


class Recommendation(BaseModel):
    """One recommended item; the score's scale depends on the answer's source."""

    item_id: str
    description: str | None
    score: float


class Recommendations(BaseModel):
    """What a customer may like, the best first, and where the answer came from."""

    customer_id: str
    run_id: str
    source: Source
    recommendations: list[Recommendation]


class Purchase(BaseModel):
    """One line of an invoice; the price is sterling per unit."""

    timestamp: str
    invoice: str | None
    item_id: str
    description: str | None
    quantity: int | float | None
    price: float | None


class Purchases(BaseModel):
    """A customer's latest purchases, the newest first, of ``total`` in all."""

    customer_id: str
    run_id: str
    country: str | None
    total: int
    purchases: list[Purchase]
