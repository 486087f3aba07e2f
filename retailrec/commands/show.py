"""The commands that read a stack and print the result."""

import json
from itertools import islice

from pydantic import BaseModel
from rich.console import RenderableType

from retailrec.client.following import choose
from retailrec.client.log import newest_lines
from retailrec.client.stack import Stack
from retailrec.views.answers import purchases_table, recommendations_table
from retailrec.views.quality import find_quality, page_address
from retailrec.views.runs import run_details, run_json, runs_table
from retailrec.views.screen import command, out


def runs(stack: str | None, limit: int, as_json: bool) -> None:
    """Print the newest runs."""
    found = list(islice(Stack.open(stack).ledger().runs(), limit))
    if as_json:
        _print_json([run_json(run) for run in found])
    elif found:
        out().print(runs_table(found, out().width))
    else:
        out().print(f"No run yet. Make one: {command()} drop FILE")


def status(stack: str | None, prefix: str, as_json: bool) -> None:
    """Print all that is known of one run."""
    opened = Stack.open(stack)
    run = choose(list(opened.ledger().runs()), prefix)
    quality = find_quality(opened, run)
    page = page_address(opened, run) if quality else None
    if as_json:
        warnings = [warning.model_dump() for warning in quality.warnings] if quality else []
        _print_json(run_json(run) | {"report": page, "warnings": warnings})
    else:
        out().print(run_details(run, quality, page))


def recommend(stack: str | None, customer: str, top_n: int, as_json: bool) -> None:
    """Print recommendations for a customer."""
    answer = Stack.open(stack).api().recommendations(customer, top_n)
    _print_answer(answer, recommendations_table(answer), as_json)


def history(stack: str | None, customer: str, limit: int, as_json: bool) -> None:
    """Print a customer's latest purchases."""
    answer = Stack.open(stack).api().purchases(customer, limit)
    _print_answer(answer, purchases_table(answer), as_json)


def logs(stack: str | None, minutes: int, limit: int) -> None:
    """Print the newest lines of the functions' log."""
    for line in newest_lines(Stack.open(stack), minutes, limit):
        out().print(line, soft_wrap=True)


def _print_answer(answer: BaseModel, shown: RenderableType, as_json: bool) -> None:
    if as_json:
        _print_json(answer.model_dump(mode="json"))
    else:
        out().print(shown)


def _print_json(value: object) -> None:
    out().print(json.dumps(value, indent=2, ensure_ascii=False), soft_wrap=True)
