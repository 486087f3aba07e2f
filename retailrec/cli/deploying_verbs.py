"""The verbs for a deployment: check it, try it in Docker, push the image to AWS, remove everything."""

from pathlib import Path
from typing import Annotated

from typer import Option, Typer

from retailrec.cli.on_aws import StackName, on_aws
from retailrec.client.problems import Problem

verbs = Typer()


@verbs.command()
@on_aws(always=True)
def doctor(
    algorithm_arn: Annotated[
        str,
        Option(
            "--algorithm-arn", metavar="ARN", help="Check this Marketplace algorithm instead of the stack's."
        ),
    ] = "",
    before_deploy: Annotated[
        bool, Option("--before-deploy", help="Check what the first deployment of a stack needs.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="With --before-deploy: a parameter of template.yaml; may be repeated.",
        ),
    ] = None,
    config_env: Annotated[
        str,
        Option("--config-env", metavar="NAME", help="With --before-deploy: samconfig.toml's environment."),
    ] = "default",
    as_json: Annotated[bool, Option("--json", help="Write JSON for scripts.")] = False,
    stack: StackName = None,
) -> None:
    """Check everything that a stack needs, and say what to fix; exit with 1 if anything is wrong.

    Without a stack it checks what one would need: credentials, region, and with --algorithm-arn the
    Marketplace algorithm and the account's quotas. With --before-deploy it checks all that can be known
    before `sam deploy`, with the parameters that would be deployed.
    """
    if before_deploy:
        from retailrec.doctor.deployment.command import before_deploy as check

        given = [*(parameter or ()), *([f"AlgorithmArn={algorithm_arn}"] if algorithm_arn else ())]
        check(stack, config_env, given, as_json)
        return
    if parameter:
        raise Problem("--parameter is for --before-deploy: a stack that is deployed has its own parameters.")
    from retailrec.doctor.command import doctor

    doctor(stack, algorithm_arn, as_json)


@verbs.command()
def keys() -> None:
    """Print the local cloud's keys and addresses for the shell: eval "$(retailrec keys)"."""
    from retailrec.commands.keys import keys

    keys()


@verbs.command("sam-env")
def sam_env() -> None:
    """Make `sam local invoke` and `sam local start-api` work against the local cloud."""
    from retailrec.commands.sam import sam_env

    sam_env()


@verbs.command()
def events(
    folder: Annotated[Path, Option(help="The folder to write to.")] = Path("events"),
) -> None:
    """Write an example of every event that invokes a function."""
    from retailrec.commands.sam import events

    events(folder)


@verbs.command("push-image")
@on_aws(always=True)
def push_image(
    repository: Annotated[
        str, Option(help="A repository of the account's ECR; created if it does not exist.")
    ] = ("retailrec-algorithm"),
    tag: Annotated[
        str | None, Option(help="The image tag. Default: a hash of algorithm/ and of how the image is built.")
    ] = None,
) -> None:
    """Build the algorithm's image and push it to the account's ECR."""
    from retailrec.commands.push import push_image

    push_image(repository, tag)


@verbs.command()
@on_aws()
def destroy(
    data: Annotated[
        bool, Option("--data", help="Also remove both buckets, with every file and run in them.")
    ] = False,
    yes: Annotated[bool, Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    stack: StackName = None,
) -> None:
    """Remove a stack, and what its functions created outside of it."""
    from retailrec.commands.destroy import destroy

    destroy(stack, data, yes)
