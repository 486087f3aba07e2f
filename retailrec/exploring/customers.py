"""Customers of a run: what they bought, and what is recommended to them."""

from collections.abc import Sequence

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.console.batch import batch_recommendations
from retailrec.console.customer_ids import CustomerIds
from retailrec.exploring.display import SideBySide, Table
from retailrec.views.customers import settled
from retailrec_shared.contract.api_responses import Purchases, Recommendation
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.table import Serving


def present(stack: Stack, run: Run, wanted: Sequence[str]) -> list[str]:
    """Return the wanted customers, or others for those that the data does not have; prints which."""
    known = CustomerIds().of_run(stack.s3(), stack.output("DataBucket"), run.run_id)
    if not known:
        raise Problem(f"Run {run.run_id} has no customers.")
    others = (each for each in known if each not in wanted)
    found = []
    for customer in wanted:
        if customer in known:
            found.append(customer)
            continue
        found.append(next(others, known[0]))
        print(f"{run.upload.key} has no customer {customer}: {found[-1]} is shown instead.")  # noqa: T201
    return found


def compare_with_batch(stack: Stack, run: Run, customer: str, top_n: int) -> SideBySide:
    """Show a customer's purchases next to the output of the last transform job."""
    serving = Serving(stack.output("ServingTable"), stack.dynamodb())
    found = batch_recommendations(serving, run.run_id, customer, top_n, exclude_purchased=False, exclude=())
    if found is None:
        raise Problem(f"The batch job of run {run.run_id} has no customer {customer}.")
    items = [Recommendation(**each, source="batch") for each in found["recommendations"]]
    return SideBySide([_bought(_purchases(stack, run, customer)), _recommended("Batch", items, run.run_id)])


def compare_with_api(stack: Stack, run: Run, customer: str, top_n: int) -> SideBySide:
    """Show a customer's purchases next to the API's current answer."""
    api = stack.api()
    answer = settled(lambda: api.recommendations(customer, top_n), run.run_id)
    title = f"REST API (source: {answer.source})"
    recommended = _recommended(title, answer.recommendations, answer.run_id)
    return SideBySide([_bought(_purchases(stack, run, customer)), recommended])


def _purchases(stack: Stack, run: Run, customer: str) -> Purchases:
    api = stack.api()
    return settled(lambda: api.purchases(customer, 10), run.run_id)


def _bought(found: Purchases) -> Table:
    where = f" ({found.country})" if found.country else ""
    return Table(
        f"Customer {found.customer_id}{where} bought",
        ("on", "item", "description", ">quantity"),
        [(line.timestamp[:10], line.item_id, line.description, line.quantity) for line in found.purchases],
        f"the latest {len(found.purchases)} of {found.total:,} purchases",
    )


def _recommended(title: str, items: Sequence[Recommendation], run_id: str) -> Table:
    rows = [(rank, each.item_id, each.description, each.score) for rank, each in enumerate(items, start=1)]
    return Table(f"{title} recommends", (">", "item", "description", ">score"), rows, f"run {run_id}")
