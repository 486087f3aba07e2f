"""Customers' purchases next to their recommendations."""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from retailrec.client.api import Api, UnknownCustomer
from retailrec.views.answers import quantity_of, score_column, source_of
from retailrec.views.screen import count, score, table, titled
from retailrec_shared.contract.api_responses import Purchases, Recommendations

CUSTOMERS = ("13085", "17519")
SHOWN = 10
SIDE_BY_SIDE_WIDTH = 96  # columns that two tables need
DESCRIPTION_WIDTH = 25
# The API caches the live run's id for 5 s.
LOOKS, PAUSE_SECONDS = 20, 0.5

Answer = TypeVar("Answer", Purchases, Recommendations)


class CustomerAnswers(NamedTuple):
    """The API's answers for a customer; no purchases for an unknown one."""

    customer: str
    purchases: Purchases | None
    recommendations: Recommendations


def read_answers(api: Api, customer: str, run_id: str) -> CustomerAnswers:
    """Read a customer's purchases and recommendations from the API, of a run that has just gone live."""
    recommendations = settled(lambda: api.recommendations(customer, SHOWN), run_id)
    try:
        purchases = settled(lambda: api.purchases(customer, SHOWN), run_id)
    except UnknownCustomer:
        purchases = None
    return CustomerAnswers(customer, purchases, recommendations)


def settled(question: Callable[[], Answer], run_id: str) -> Answer:
    """Repeat the request until the answer is of the run; return the last answer after a timeout."""
    for _ in range(LOOKS):
        try:
            answer = question()
            if answer.run_id == run_id:
                return answer
        except UnknownCustomer as unknown:
            if run_id in str(unknown):
                raise
        time.sleep(PAUSE_SECONDS)
    return question()


def show_customer(answers: CustomerAnswers, screen: Console) -> RenderableType:
    """Show purchases and recommendations side by side, or one below the other on a narrow screen."""
    bought, recommended = _bought(answers.purchases), _recommended(answers.recommendations)
    shown: RenderableType
    if screen.width < SIDE_BY_SIDE_WIDTH:
        shown = Group(bought, "", recommended)
    else:
        shown = Table.grid(padding=(0, 2, 0, 0))
        shown.add_row(bought, recommended)
    country = answers.purchases.country if answers.purchases else None
    where = f" ({country})" if country else ""
    return titled(f"Customer {answers.customer}{where}", shown, source_of(answers.recommendations))


def _bought(found: Purchases | None) -> RenderableType:
    if found is None:
        return Text("No purchases: this customer is not in the data.", "yellow")
    shown = table("bought", "item", "description", ">qty")
    _fit(shown)
    for line in found.purchases:
        shown.add_row(line.timestamp[:10], line.item_id, line.description or "", quantity_of(line))
    return Group(f"latest {len(found.purchases)} of {count(found.total)} purchases", shown)


def _recommended(answer: Recommendations) -> RenderableType:
    shown = table(">", "item", "description", score_column(answer))
    _fit(shown)
    for rank, item in enumerate(answer.recommendations, start=1):
        shown.add_row(str(rank), item.item_id, item.description or "", score(item.score))
    return Group("recommended" if answer.personal else "popular", shown)


def _fit(shown: Table) -> None:
    """Cut descriptions so that two tables fit."""
    shown.columns[2].width = DESCRIPTION_WIDTH
    shown.columns[2].no_wrap = True
