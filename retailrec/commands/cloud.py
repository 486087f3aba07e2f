"""``retailrec up`` and ``retailrec down``."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from retailrec.client import laptop
from retailrec.commands.interrupts import Interrupts
from retailrec.views.screen import command, out
from retailrec.views.steps import Steps

if TYPE_CHECKING:
    from local.cloud import Running


def bring_up(
    interrupts: Interrupts,
    containers: bool = False,
    algorithm_arn: str = "",
    parameters: Iterable[str] = (),
) -> "tuple[Running, bool]":
    """Start the local cloud, showing the steps; return it and whether this call started it.

    When interrupted, nothing of it is left.
    """
    started = laptop.running() is None
    try:
        with Steps(out()) as steps:
            return laptop.up(steps.say, containers, algorithm_arn, parameters), started
    except BaseException:
        interrupts.ignore()
        if started and laptop.running():  # what had not started is gone already
            take_down()
        raise


def take_down() -> None:
    """Stop the local cloud, showing the steps."""
    with Steps(out()) as steps:
        laptop.down(steps.say)


def up(containers: bool = False, algorithm_arn: str = "", parameters: Iterable[str] = ()) -> None:
    """Start the local cloud and say what to do with it."""
    with Interrupts() as interrupts:
        bring_up(interrupts, containers, algorithm_arn, parameters)
    out().print("\nNext:")
    for line in ("drop FILE", "demo", "down"):
        out().print(f"  {command()} {line}")
