"""The API's answers for the terminal."""

from rich.console import RenderableType

from retailrec.views.screen import count, score, table, titled
from retailrec_shared.contract.api_responses import Purchase, Purchases, Recommendations

SOURCES = {
    "endpoint": "from the model's endpoint",
    "batch": "from the batch job's results",
    "similar": "similar to what this customer bought last",
    "popular_in_country": "popular in the customer's country, not personal",
    "popular": "popular items, not personal ones: the model has no answer for this customer",
}


def recommendations_table(answer: Recommendations) -> RenderableType:
    """List recommendations, the best first, with their source."""
    reasons = ["why"] if any(item.why for item in answer.recommendations) else []
    shown = table(">", "item", "description", score_column(answer), *reasons)
    for rank, item in enumerate(answer.recommendations, start=1):
        why = [item.why or ""] if reasons else []
        shown.add_row(str(rank), item.item_id, item.description or "", score(item.score), *why)
    to = "Recommended to" if answer.personal else "Popular, shown to"
    return titled(f"{to} customer {answer.customer_id}", shown, source_of(answer))


def score_column(answer: Recommendations) -> str:
    """Return the heading of the scores: the model's, or how many customers bought the item."""
    return ">score" if answer.personal else ">customers"


def source_of(answer: Recommendations) -> str:
    """Describe the source and the run of an answer."""
    return f"{SOURCES.get(answer.source, answer.source)}; run {answer.run_id}"


def purchases_table(answer: Purchases) -> RenderableType:
    """List purchases, the newest first."""
    shown = table("time", "invoice", "item", "description", ">quantity", ">price")
    for line in answer.purchases:
        price = "" if line.price is None else f"{line.price:.2f}"
        time = line.timestamp.replace("T", " ")[:16]
        shown.add_row(
            time, line.invoice or "", line.item_id, line.description or "", quantity_of(line), price
        )
    where = f" ({answer.country})" if answer.country else ""
    return titled(
        f"Purchases of customer {answer.customer_id}{where}",
        shown,
        f"the latest {len(answer.purchases)} of {count(answer.total)}; run {answer.run_id}",
    )


def quantity_of(line: Purchase) -> str:
    """Write a quantity; whole numbers without decimals."""
    return "" if line.quantity is None else f"{line.quantity:g}"
