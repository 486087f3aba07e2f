"""Deploy on AWS, drop a small file, ask, look, remove everything, and write a report (`make aws-smoke`)."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session, where
from scripts.smoke import report
from scripts.smoke.places import Aws
from scripts.smoke.record import Facts, Record
from scripts.smoke.steps import Steps

ROOT = Path(__file__).resolve().parents[2]
COST = (
    "It takes about half an hour and costs about $0.10: some minutes of ml.m5.xlarge for a training and a "
    "batch job, and requests. A step that fails may cost more, until everything is removed."
)
Ask = Callable[[str], bool]


def smoke(place: Aws, record: Record, ask: Ask, say: Callable[[str], None]) -> bool:
    """Take the steps that have not ended well yet, then remove everything; return whether all ended well.

    Before something is paid, and before it is removed after a failure, ``ask`` is called with a question.
    """
    steps = Steps(place, record, say)
    if not record.outcomes and not ask(f"{COST} Go on?"):
        return False
    if not _take(record, steps.forward(), say):
        if not record.passed("account"):
            return False  # nothing of this test is there
        if not ask(
            "Remove the stack and its data now? (If not: correct it, and the same command goes on there.)"
        ):
            return False
    return _take(record, steps.back(), say) and not record.failed()


def _take(record: Record, steps: Mapping[str, Callable[[], Facts]], say: Callable[[str], None]) -> bool:
    for name, act in steps.items():
        if record.passed(name):
            continue
        say(f"{name} …")
        if not record.take(name, act):
            say(f"{name} failed: {record.outcomes[-1].problem}")
            return False
        say(f"{name}: {record.outcomes[-1].seconds:.0f} s")
    return True


def main(
    stack: Annotated[str, typer.Argument(help="A name that no stack has yet.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
) -> None:
    """Run the smoke test on the account of the environment's credentials."""
    folder = ROOT / "build" / "aws-smoke" / stack
    try:
        place = Aws(stack, folder)
        record = Record.begin(folder / "record.json", stack, place.region)
        typer.echo(f"Stack {stack}, {where(aws_session())}.")
        ended = smoke(place, record, (lambda _question: True) if yes else typer.confirm, typer.echo)
    except Problem as problem:
        typer.echo(str(problem), err=True)
        sys.exit(1)
    if record.outcomes:
        page, data = report.write(record, folder)
        typer.echo(f"Report: {page} and {data.name}; no account id and no key is in it.")
        if record.passed("nothing left"):
            record.finish()
    sys.exit(0 if ended else 1)


if __name__ == "__main__":
    typer.run(main)
