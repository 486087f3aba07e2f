"""``retailrec destroy``: list what is removed, ask, remove it."""

from collections.abc import Collection, Mapping

from typer import confirm

from retailrec.client import laptop
from retailrec.client.problems import Problem
from retailrec.client.sessions import aws_session, client, local_session
from retailrec.client.stack import NO_CLOUD
from retailrec.removal.costs import Cost, costs, together
from retailrec.removal.identity import Client, identify
from retailrec.removal.inventory import Found, find
from retailrec.removal.removing import remove
from retailrec.views.screen import out, table
from retailrec.views.steps import Steps

LONGEST_NAME = 63  # of a bucket, an endpoint or a model


def destroy(name: str | None, data: bool, yes: bool) -> None:
    """Remove a stack, its endpoint, models and jobs, and with ``data`` its buckets; safe to repeat."""
    stack, make, pause = _place(name)
    try:
        identity = identify(stack, make)
    except ValueError as error:
        raise Problem(f"{error}.") from error
    found, where = find(identity, make), f"in account {identity.account}, region {identity.region}"
    if found.nothing(data):
        out().print(f"Nothing is left of {stack} {where}.", soft_wrap=True)
        _say_what_stays(found, data)
        return
    out().print(f"{stack}, {where}:", soft_wrap=True)
    _show(found, data, costs(found, make))
    if not yes and not confirm(f"Remove all this {where}?"):
        out().print("Nothing was removed.")
        return
    with Steps(out()) as steps:
        left = remove(identity, found, make, data, steps.say, pause)
    out().print(f"{stack} is gone.")
    _say_what_stays(left, data)


def _place(name: str | None) -> tuple[str, Client, float]:
    """Return the stack's name, a function that makes clients, and the seconds between two looks."""
    if name:
        session = aws_session()
        return name, lambda service: client(session, service, None), 5.0
    cloud = laptop.running()
    if cloud is None:
        raise Problem(NO_CLOUD)
    local = local_session(cloud)
    return cloud.stack, lambda service: client(local, service, cloud), 0.2


def _show(found: Found, data: bool, costs: Mapping[str, Cost]) -> None:
    rows, longest = table("resource", "name", "cost"), 0
    if found.status:
        rows.add_row("CloudFormation stack", f"{found.stack} ({found.status})", str(costs[found.stack]))
    for kind, things in (
        ("endpoint", found.endpoints),
        ("endpoint config", found.endpoint_configs),
        ("model", found.models),
        ("model package", found.model_packages),
        ("running training job", found.training_jobs),
        ("running tuning job", found.tuning_jobs),
        ("running transform job", found.transform_jobs),
        ("log group", found.log_groups),
        ("role for API Gateway's logs", found.roles),
        ("bucket, with all its files", found.buckets if data else []),
    ):
        for thing in things:
            rows.add_row(kind, thing, str(costs.get(thing, "")))
            longest = max(longest, len(thing))
    rows.columns[1].min_width = min(longest, LONGEST_NAME)  # names are for copying: they must not wrap
    out().print(rows)
    _print_total(costs, [] if data else found.buckets)
    if found.buckets and not data:
        out().print("\nThe buckets stay, with your data: --data removes them too.")
        for bucket in found.buckets:
            out().print(f"  {bucket}  ({costs[bucket]})")


def _print_total(costs: Mapping[str, Cost], staying: Collection[str]) -> None:
    """Print the sum of the costs; requests are billed by use and are not part of it."""
    every = together({name: cost for name, cost in costs.items() if name not in staying})
    working = f", and {Cost(hour=every.hour)} while its jobs run" if every.hour else ""
    prices = "at list prices of us-east-1, without what is billed by use"
    out().print(f"\nTogether about {Cost(every.month)}{working}, {prices}.")


def _say_what_stays(left: Found, data: bool) -> None:
    if left.buckets and not data:
        out().print("These buckets are left, with your data; remove them with --data:")
        for bucket in left.buckets:
            out().print(f"  {bucket}")
    if left.earlier:
        out().print(f"Earlier stacks called {left.stack} left these; the same command removes them now:")
        _list(left.earlier)
    if left.doubtful:
        out().print(
            f"These stay: their names are like those of {left.stack}, and no tag or record says that they "
            "are its own. If they are, delete them by hand:"
        )
        _list(left.doubtful)


def _list(things: Collection[str]) -> None:
    for thing in things:
        out().print(f"  {thing}", soft_wrap=True)
