"""The options of the verbs that work with a stack on AWS: which stack, and where it is."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

from typer import Option

from retailrec.client.place import Place, choose
from retailrec.client.problems import Problem

StackName = Annotated[
    str | None,
    Option(
        "--stack",
        envvar="RETAILREC_STACK",
        metavar="NAME",
        help="A stack on AWS, with your credentials. Default: the local cloud.",
    ),
]
_OPTIONS = {
    "region": Option(
        "--region", metavar="REGION", help="The AWS region. Default: AWS_REGION, or that of the profile."
    ),
    "profile": Option("--profile", metavar="NAME", help="The AWS profile. Default: AWS_PROFILE."),
}
_NO_STACK = (
    "--region and --profile say where a stack on AWS is: name the stack with --stack NAME. Without one, this "
    "command uses the local cloud."
)


def on_aws(always: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a verb the options --region and --profile, which hold for every AWS session that it opens.

    ``always``: the verb can reach AWS without a stack's name. The others refuse the options then, since they
    would use the local cloud in silence.
    """

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        def run(*, region: str | None = None, profile: str | None = None, **given: Any) -> Any:
            named = Place(region or None, profile or None)
            if named and not always and not given.get("stack"):
                raise Problem(_NO_STACK)
            choose(named)  # until the command has ended, with its errors explained
            return verb(**given)

        plain = inspect.signature(verb)
        more = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
            )
            for name, option in _OPTIONS.items()
        ]
        signature = plain.replace(parameters=[*plain.parameters.values(), *more])
        vars(run)["__signature__"] = signature
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        return run

    return decorate
