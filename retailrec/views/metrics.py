"""Metrics for the terminal: held out and in sample separately, next to the baselines."""

from collections.abc import Mapping

from rich.console import Group, RenderableType

from retailrec.views.screen import count, table, titled
from retailrec_shared.ledger.run import Run

PRECISION = "p@k(10)"
NDCG = "ndcg@20"
# The rows measured on, and the metrics of the model, of popularity, and of the customer's own items.
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
NDCG_ROWS = (
    ("held out, all items", NDCG, f"{NDCG}_popularity", f"{NDCG}_own_recent"),
    ("held out, items new to the customer", f"{NDCG}_new_items", f"{NDCG}_popularity_new_items", None),
)
CANDIDATES = ("bpr", "als", "ease", "popularity")
REFITTED = "Measured on a model that had not seen the held-out rows; the live one is trained on them too."


def metrics_table(metrics: Mapping[str, float], run: Run | None = None) -> RenderableType:
    """Show precision at 10 and NDCG at 20 of the model and of two baselines."""
    parts: list[RenderableType] = [
        titled("Precision at 10", _rows(metrics, ROWS, "customer's own"), _caption(metrics, run))
    ]
    if NDCG in metrics:
        caption = "Customer's newest: what they bought last and most often. 1 is a list in perfect order."
        parts += ["", titled("NDCG at 20", _rows(metrics, NDCG_ROWS, "customer's newest"), caption)]
    if compared := _compared(metrics):
        parts += ["", compared]
    return Group(*parts)


def _rows(
    metrics: Mapping[str, float], rows: tuple[tuple[str, str, str | None, str | None], ...], own: str
) -> RenderableType:
    shown = table("", ">model", ">popularity", f">{own}")
    for label, *names in rows:
        if any(name in metrics for name in names if name):
            shown.add_row(label, *(_write(metrics, name) for name in names))
    return shown


def _compared(metrics: Mapping[str, float]) -> RenderableType | None:
    """List the candidates of ``algorithm=auto``, where they were compared."""
    shown = table("", ">items new to the customer", ">all items")
    for algorithm in CANDIDATES:
        names = [f"candidate_{NDCG}{ending}_{algorithm}" for ending in ("_new_items", "")]
        if any(name in metrics for name in names):
            shown.add_row(algorithm, *(_write(metrics, name) for name in names))
    caption = (
        "NDCG at 20 on the newest training rows, by which the algorithm was chosen, not by held-out rows."
    )
    return titled("Candidates compared", shown, caption) if shown.rows else None


def _write(metrics: Mapping[str, float], name: str | None) -> str:
    if name is None:
        return "-"
    if name not in metrics:
        return ""
    error = metrics.get(f"{name}_se")
    return f"{metrics[name]:.4f}" + (f" ± {error:.4f}" if error else "")


def _caption(metrics: Mapping[str, float], run: Run | None) -> str | None:
    if "users_evaluated" not in metrics:
        return None
    known, unknown = int(metrics["users_evaluated"]), int(metrics.get("users_unknown", 0))
    refitted = run is not None and run.configuration.get("refit") == "true"
    return (
        "The share of ten recommended items that a customer went on to buy, on average over "
        f"{count(known)} customers ({count(unknown)} more were unknown to the model). "
        "Customer's own: the items they bought most often." + (f" {REFITTED}" if refitted else "")
    )
