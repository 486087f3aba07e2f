"""The command for people: every verb, its arguments, and nothing else.

What a verb needs is imported when it is called, so that help and mistakes are quick.
"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from retailrec.cli.deploying_verbs import verbs as deploying_verbs
from retailrec.commands.boundary import Commands
from retailrec_shared.core.tuning_ranges import FEWEST_JOBS, MOST_AT_ONCE, MOST_JOBS

app = Typer(
    cls=Commands,
    help="Turn a retailer's transaction file into a recommendation service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Debug = Annotated[bool, Option("--debug", envvar="RETAILREC_DEBUG", help="Show tracebacks.")]
StackName = Annotated[
    str | None,
    Option(
        "--stack",
        envvar="RETAILREC_STACK",
        metavar="NAME",
        help="A stack deployed on AWS, by your credentials. Without it: the local cloud.",
    ),
]
AsJson = Annotated[bool, Option("--json", help="Write JSON, for machines.")]
RunId = Annotated[str, Argument(help="The run's id, or its beginning.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask.")]
AlgorithmArn = Annotated[
    str,
    Option(
        "--algorithm-arn",
        metavar="ARN",
        help='Train with this Marketplace algorithm; "marketplace" names the one that the local cloud plays.',
    ),
]
Customer = Annotated[str, Argument(help="The customer's id, as in the data.")]


@app.callback()
def main(debug: Debug = False) -> None:
    """Turn a retailer's transaction file into a recommendation service."""


app.add_typer(deploying_verbs)


@app.command()
def up(
    containers: Annotated[
        bool, Option("--containers", help="Let SageMaker run the algorithm's image (needs Docker).")
    ] = False,
    algorithm_arn: AlgorithmArn = "",
    parameter: Annotated[
        list[str] | None,
        Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="Deploy with this parameter of template.yaml, such as Algorithm=auto; as often as you like.",
        ),
    ] = None,
) -> None:
    """Bring the local cloud up, with the application deployed on it."""
    from retailrec.commands import cloud as cloud_commands

    cloud_commands.up(containers, algorithm_arn, parameter or ())


@app.command()
def down() -> None:
    """Take the local cloud down, with all that it holds."""
    from retailrec.commands import cloud as cloud_commands

    cloud_commands.take_down()


@app.command()
def drop(
    file: Annotated[Path, Argument(help="xlsx, xls, csv, csv.gz or parquet, or a zip of one.")],
    key: Annotated[str | None, Option(help="Its name in the bucket. Without it: the file's own.")] = None,
    mapping: Annotated[
        Path | None, Option(metavar="JSON", help="Which of its columns is which, if its headers are its own.")
    ] = None,
    append: Annotated[
        bool, Option("--append", help="Add its rows to the dataset instead of replacing it.")
    ] = False,
    follow: Annotated[bool, Option(help="Follow the run until it is live or has ended otherwise.")] = True,
    stack: StackName = None,
) -> None:
    """Upload a transaction file and follow its run."""
    from retailrec.client.dropping import key_of, mapping_text, readable_file
    from retailrec.client.stack import Stack
    from retailrec.commands.drop import drop

    path, columns = readable_file(file), mapping_text(mapping)
    raise Exit(drop(Stack.open(stack), path, key_of(path, key, append=append), follow, columns))


@app.command()
def retrain(
    force: Annotated[bool, Option("--force", help="Also if nothing has changed since.")] = False,
    follow: Annotated[bool, Option(help="Follow the run until it is live or has ended otherwise.")] = True,
    stack: StackName = None,
) -> None:
    """Train anew on the newest dataset, as the stack is configured now, and follow the run.

    The quality gate judges the model as it does that of a dropped file.
    """
    from retailrec.commands.retrain import retrain

    raise Exit(retrain(stack, force, follow))


@app.command()
def runs(
    limit: Annotated[int, Option(min=1, help="How many.")] = 20,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """List the runs, the newest upload first."""
    from retailrec.commands import ask as ask_commands

    ask_commands.runs(stack, limit, as_json)


@app.command()
def status(
    run: Annotated[str, Argument(help="The run's id, or its beginning.")],
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Tell everything that is known of a run."""
    from retailrec.commands import ask as ask_commands

    ask_commands.status(stack, run, as_json)


@app.command()
def report(
    run: Annotated[str, Argument(help="The run's id, or its beginning.")],
    open_it: Annotated[bool, Option("--open/--no-open", help="Show it in the browser.")] = True,
    output: Annotated[
        Path | None, Option(help="Where to. Without it: quality-report-RUN.html in this folder.")
    ] = None,
    stack: StackName = None,
) -> None:
    """Download a run's quality report, a page with pictures, and open it."""
    from retailrec.commands.report import report

    report(stack, run, output, open_it)


@app.command()
def metrics(
    run: Annotated[list[str] | None, Argument(help="Runs, each by its id or its beginning.")] = None,
    last: Annotated[
        int | None, Option(min=1, metavar="N", help="The newest N runs that have metrics.")
    ] = None,
    every: Annotated[bool, Option("--all", help="All runs that have metrics.")] = False,
    plot: Annotated[Path | None, Option(metavar="FILE.png", help="Draw them: .png, .svg or .pdf.")] = None,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Show what trainings measured: by epoch, as a whole, and across runs.

    p@k(10) is the share of ten recommended items that a customer went on to buy.
    """
    from retailrec.metrics.command import metrics

    metrics(stack, run or [], last, every, plot, as_json)


@app.command()
def recommend(
    customer: Customer,
    top_n: Annotated[int, Option(min=1, max=100, help="How many items.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Ask the REST API what a customer may like."""
    from retailrec.commands import ask as ask_commands

    ask_commands.recommend(stack, customer, top_n, as_json)


@app.command()
def history(
    customer: Customer,
    limit: Annotated[int, Option(min=1, max=100, help="How many purchases.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Ask the REST API for a customer's latest purchases."""
    from retailrec.commands import ask as ask_commands

    ask_commands.history(stack, customer, limit, as_json)


@app.command()
def console(
    port: Annotated[int, Option(min=0, max=65535, help="Of 127.0.0.1; 0 for any that is free.")] = 4680,
    open_it: Annotated[bool, Option("--open/--no-open", help="Show it in the browser.")] = True,
    stack: StackName = None,
) -> None:
    """Serve a page in the browser: runs, metrics, customers, and a place to drop files."""
    from retailrec.console.command import console

    console(stack, port, open_it)


@app.command()
def logs(
    minutes: Annotated[int, Option(min=1, help="How far back.")] = 15,
    limit: Annotated[int, Option(min=1, help="How many lines.")] = 60,
    stack: StackName = None,
) -> None:
    """Show what the functions logged lately."""
    from retailrec.commands import ask as ask_commands

    ask_commands.logs(stack, minutes, limit)


@app.command()
def retry(run: RunId, stack: StackName = None) -> None:
    """Let a failed run go on from the stage that failed.

    What the stages before it left is used; the failed one begins anew, its job under a new name. A run that a
    later upload has overtaken is not retried.
    """
    from retailrec.commands import operate as operate_commands

    operate_commands.retry(stack, run)


@app.command()
def stop(run: RunId, yes: Yes = False, stack: StackName = None) -> None:
    """Stop a run that is on its way; the live one stays.

    It ends as failed, "Stopped by an operator.", and its SageMaker job is stopped. `retry` lets it go on.
    """
    from retailrec.commands import operate as operate_commands

    operate_commands.stop(stack, run, yes)


@app.command()
def approve(run: RunId, yes: Yes = False, stack: StackName = None) -> None:
    """Deploy a model that the quality gate held.

    `status` shows why it was held, and its metrics.
    """
    from retailrec.commands import operate as operate_commands

    operate_commands.approve(stack, run, yes)


@app.command()
def rollback(
    run: Annotated[
        str | None, Argument(help="A run that served before. Without it: the one before the live one.")
    ] = None,
    yes: Yes = False,
    stack: StackName = None,
) -> None:
    """Have the previous live run serve again, within one update of the endpoint.

    Its model and recommendations are still there; the stack's parameter RetainedRuns says for how many.
    A file dropped later than the run that is rolled back replaces it as usual; nothing else does.
    """
    from retailrec.commands import operate as operate_commands

    operate_commands.rollback(stack, run, yes)


@app.command()
def tune(
    run: RunId,
    jobs: Annotated[
        int | None,
        Option(min=FEWEST_JOBS, max=MOST_JOBS, help="Training jobs. Without it: the stack's."),
    ] = None,
    parallel: Annotated[
        int | None, Option(min=1, max=MOST_AT_ONCE, help="How many at once. Without it: the stack's.")
    ] = None,
    follow: Annotated[bool, Option(help="Follow the search, and the run to its end.")] = True,
    yes: Yes = False,
    stack: StackName = None,
) -> None:
    """Search for better hyperparameters on the data of a run that is there.

    The best training job goes on as a run of its own: through the quality gate, and live if nothing later is.
    """
    from retailrec.commands.tune import tune

    raise Exit(tune(stack, run, jobs, parallel, yes, follow))


@app.command()
def redrive(yes: Yes = False, stack: StackName = None) -> None:
    """Send the dead letters back to where they came from.

    They are events that a function could not handle, or that did not reach it. `logs` shows why: mend that
    first.
    """
    from retailrec.commands import operate as operate_commands

    operate_commands.redrive_queues(stack, yes)


@app.command()
def generate(
    path: Annotated[Path, Argument(help="Where to: .xlsx, .csv, .csv.gz or .parquet.")],
    rows: Annotated[int | None, Option(min=1000, help="Without it: as many as Online Retail II.")] = None,
    seed: Annotated[int, Option(help="The same seed makes the same rows.")] = 1,
) -> None:
    """Make a transaction file that is worth learning from."""
    from retailrec.commands import generate as generate_command

    generate_command.generate(path, rows, seed)


@app.command()
def demo(
    data: Annotated[
        Path | None, Option(help="The file to drop. Without it: Online Retail II, or one like it.")
    ] = None,
    algorithm_arn: AlgorithmArn = "",
) -> None:
    """See it all: cloud, data, training, and recommendations for two customers."""
    from retailrec.commands.demo import demo

    demo(data, algorithm_arn)
