"""A customer's batch recommendations, as published from the last transform job to the serving table."""

from collections.abc import Collection
from typing import Any

from retailrec_shared.serving.keys import customer_key, item_key
from retailrec_shared.serving.table import Serving

Json = dict[str, Any]


def batch_recommendations(
    serving: Serving,
    run_id: str,
    customer: str,
    top_n: int,
    exclude_purchased: bool,
    exclude: Collection[str],
) -> Json | None:
    """Read a customer's list, filtered as the real-time one is; ``None`` for a customer unknown to the run.

    The batch job wrote a fixed number of items: those that a filter removes are not replaced.
    """
    key = customer_key(run_id, customer)
    body = serving.get([key]).get(key)
    if body is None:
        return None
    left = filter_list(body, exclude_purchased, exclude)[:top_n]
    keys = {item: item_key(run_id, item) for item, _ in left}
    described = serving.get(keys.values())
    return {
        "customer_id": customer,
        "run_id": run_id,
        "source": "batch",
        "written": len(body["recommendations"]),
        "recommendations": [
            {"item_id": item, "description": described.get(keys[item], {}).get("description"), "score": score}
            for item, score in left
        ],
    }


def filter_list(body: Json, exclude_purchased: bool, exclude: Collection[str]) -> list[tuple[str, float]]:
    """Return a serving body's (item, score) pairs without those that the filters name."""
    bought = {line["item_id"] for line in body["purchases"]} if exclude_purchased else set()
    out = bought | set(exclude)
    return [(str(item), float(score)) for item, score in body["recommendations"] if item not in out]
