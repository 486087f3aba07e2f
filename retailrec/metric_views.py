"""Metrics as people read them: held out and in sample apart, beside what needs no model."""

from collections.abc import Mapping

from rich.console import RenderableType

from retailrec.screen import count, table, titled

PRECISION = "p@k(10)"
# What is measured, and the metrics of the model, of popularity, and of the customer's own items.
ROWS = (
    ("held out, all items", PRECISION, f"{PRECISION}_popularity", f"{PRECISION}_own_items"),
    (
        "held out, items new to the customer",
        f"{PRECISION}_new_items",
        f"{PRECISION}_popularity_new_items",
        None,
    ),
    ("in sample (no forecast)", f"{PRECISION}_in_sample", None, None),
)


def metrics_table(metrics: Mapping[str, float]) -> RenderableType:
    """Show precision at 10 of the model and of two ways to do without one."""
    shown = table("", ">model", ">popularity", ">customer's own")
    for label, *names in ROWS:
        if any(name in metrics for name in names if name):
            shown.add_row(label, *(_write(metrics, name) for name in names))
    return titled("Precision at 10", shown, _caption(metrics))


def _write(metrics: Mapping[str, float], name: str | None) -> str:
    if name is None:
        return "-"
    return f"{metrics[name]:.4f}" if name in metrics else ""


def _caption(metrics: Mapping[str, float]) -> str | None:
    if "users_evaluated" not in metrics:
        return None
    known, unknown = int(metrics["users_evaluated"]), int(metrics.get("users_unknown", 0))
    return (
        "The share of ten recommended items that a customer went on to buy, on average over "
        f"{count(known)} customers ({count(unknown)} more were unknown to the model). "
        "Customer's own: the items they bought most often."
    )
