"""Operators at their laptops: the real commands at drawn moments, on calls that fail like anybody's."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from retailrec.client.operating import Operator
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.client.tuning import begin, copy_data, tuned_run
from retailrec_shared.core.status import IN_PROGRESS, RunStatus
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from tests.chaos.history import LAST_COMMAND, Command
from tests.chaos.lambdas import Client, Invocation
from tests.chaos.rules import Function
from tests.chaos.surroundings import Surroundings
from tests.chaos.timeline import MINUTE
from tests.environment import ENVIRONMENT

OPERATOR = Function("operator", timeout=600.0, retries=0)
OUTPUTS = {
    "LedgerTable": ENVIRONMENT["LEDGER_TABLE"], "EventBus": ENVIRONMENT["EVENT_BUS"],
    "EndpointName": f"{ENVIRONMENT['STACK_NAME']}-endpoint", "DataBucket": ENVIRONMENT["DATA_BUCKET"],
}  # fmt: skip
PATIENT = 0.9
# What a command is good for; now and then somebody names any other run.
APT = {
    "retry": {RunStatus.FAILED},
    "approve": {RunStatus.MODEL_REJECTED},
    "stop": IN_PROGRESS,
    "rollback": {RunStatus.SUPERSEDED},
    "tune": {RunStatus.LIVE, RunStatus.APPROVED, RunStatus.FAILED},
}
SEARCH = 2  # training jobs of one that an operator asks for


class _Stack:
    """What a command needs of ``retailrec.client.stack.Stack``."""

    def __init__(self, world: Surroundings) -> None:
        self.name = ENVIRONMENT["STACK_NAME"]
        self.parameters = {"EndpointMode": world.plan.environment["ENDPOINT_MODE"]}
        self._clients = {
            "dynamodb": Client("dynamodb", world.dynamodb), "events": Client("events", world),
            "s3": Client("s3", world.s3),
        }  # fmt: skip

    def output(self, name: str) -> str:
        return OUTPUTS[name]

    def aws(self, service: str) -> Any:
        return self._clients[service]

    def s3(self) -> Any:
        return self.aws("s3")

    def ledger(self) -> Ledger:
        return Ledger(OUTPUTS["LedgerTable"], self.aws("dynamodb"))


@dataclass
class Typed(Invocation):
    """One command, from the key that was pressed to its end; nobody tries it again."""

    doing: Callable[[], None] = field(default=lambda: None)

    def _act(self) -> None:
        try:
            self.doing()
        except Problem as refusal:
            self.world.say(f"{self.name} is refused: {refusal}")
        else:
            self.world.obeyed[self.name.split()[0]] += 1

    def _failed(self, how: str, died: bool) -> None:
        self.world.say(f"{self.name} {how}")


def _retrain(world: Surroundings, name: str) -> None:
    operator = Operator(cast(Stack, _Stack(world)))
    world.typed["retrain"] += 1
    typed = Typed(world, OPERATOR, {}, f"retrain {name}", 1, 0.0, doing=lambda: operator.retrain(name))
    world.invoke(typed)


def _tune(world: Surroundings, stack: Stack, run_id: str) -> None:
    """Do as ``retailrec tune`` does, once it has asked."""
    run = stack.ledger().get(run_id)
    if run is None:
        return
    made = tuned_run(run, Operator(stack).live(), SEARCH, 1)
    if stack.ledger().get(made.run_id) is None:
        copy_data(stack, run.run_id, made.run_id)
        begin(stack, made)


def type_command(world: Surroundings, command: Command, name: str) -> None:
    """Let an operator type a command about the runs as they are now, or as soon as it is good for one."""
    if command.verb == "retrain":
        _retrain(world, name)
        return
    runs = list(Ledger(OUTPUTS["LedgerTable"], Client("dynamodb", world.dynamodb)).runs())  # type: ignore[arg-type]
    apt = [run for run in runs if run.status in APT[command.verb]]
    if not apt and world.timeline.now < LAST_COMMAND and command.whom < PATIENT:
        world.timeline.after(MINUTE, partial(type_command, world, command, name))
        return
    among = apt if apt and command.whom < PATIENT else runs
    if not among:
        return
    chosen: Run | None = among[int(command.whom * 1000) % len(among)]
    if command.verb == "rollback" and command.whom < PATIENT / 2:
        chosen = None  # the command's own choice
    stack = cast(Stack, _Stack(world))
    operator = Operator(stack)
    world.typed[command.verb] += 1

    def do() -> None:
        if command.verb == "rollback":
            operator.roll_back(*operator.roll_back_target(chosen.run_id if chosen else None))
        elif command.verb == "tune" and chosen:
            _tune(world, stack, chosen.run_id)
        elif chosen:
            getattr(operator, command.verb)(chosen.run_id)

    named = f"{command.verb} {name} of {chosen.run_id if chosen else 'the last'}"
    world.invoke(Typed(world, OPERATOR, {}, named, 1, 0.0, doing=do))
