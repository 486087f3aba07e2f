"""The command line: every verb, its arguments, and nothing else.

A verb imports what it needs when it is called, so that help and usage errors are quick.
"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from retailrec.cli.deploying_verbs import verbs as deploying_verbs
from retailrec.cli.on_aws import StackName, on_aws
from retailrec.commands.boundary import Commands
from retailrec_shared.core.tuning_ranges import FEWEST_JOBS, MOST_AT_ONCE, MOST_JOBS

app = Typer(
    cls=Commands,
    help="Turn a retailer's transaction file into a recommendation service.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # reflows paragraphs to the terminal's width
    add_completion=False,
    pretty_exceptions_enable=False,
)

Debug = Annotated[bool, Option("--debug", envvar="RETAILREC_DEBUG", help="Show tracebacks.")]
AsJson = Annotated[bool, Option("--json", help="Write JSON for scripts.")]
RunId = Annotated[str, Argument(help="The run's id, or the first characters of it.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask for confirmation.")]
AlgorithmArn = Annotated[
    str,
    Option(
        "--algorithm-arn",
        metavar="ARN",
        help='Train with this Marketplace algorithm; "marketplace" names the stand-in of the local cloud.',
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
        bool, Option("--containers", help="Run the algorithm's image in SageMaker (needs Docker).")
    ] = False,
    algorithm_arn: AlgorithmArn = "",
    parameter: Annotated[
        list[str] | None,
        Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="Deploy with this parameter of template.yaml, such as Algorithm=auto; may be repeated.",
        ),
    ] = None,
) -> None:
    """Start the local cloud, with the application deployed on it."""
    from retailrec.commands.cloud import up

    up(containers, algorithm_arn, parameter or ())


@app.command()
def down() -> None:
    """Stop the local cloud, and delete all that it holds."""
    from retailrec.commands.cloud import take_down

    take_down()


@app.command()
@on_aws()
def drop(
    file: Annotated[Path, Argument(help="xlsx, xls, csv, csv.gz or parquet, or a zip of one.")],
    key: Annotated[str | None, Option(help="The file's key in the bucket. Default: its name.")] = None,
    mapping: Annotated[
        Path | None, Option(metavar="JSON", help="Which of its columns is which, if its headers differ.")
    ] = None,
    append: Annotated[
        bool, Option("--append", help="Add its rows to the dataset instead of replacing it.")
    ] = False,
    follow: Annotated[bool, Option(help="Follow the run until it is live or has ended.")] = True,
    stack: StackName = None,
) -> None:
    """Upload a transaction file and follow its run."""
    from retailrec.client.dropping import key_of, mapping_text, readable_file
    from retailrec.client.stack import Stack
    from retailrec.commands.drop import drop

    path, columns = readable_file(file), mapping_text(mapping)
    raise Exit(drop(Stack.open(stack), path, key_of(path, key, append=append), follow, columns))


@app.command()
@on_aws()
def retrain(
    force: Annotated[bool, Option("--force", help="Train even if nothing has changed.")] = False,
    follow: Annotated[bool, Option(help="Follow the run until it is live or has ended.")] = True,
    stack: StackName = None,
) -> None:
    """Train again on the newest dataset, as the stack is configured now, and follow the run.

    The model passes the same quality gate as that of a dropped file.
    """
    from retailrec.commands.retrain import retrain

    raise Exit(retrain(stack, force, follow))


@app.command()
@on_aws()
def runs(
    limit: Annotated[int, Option(min=1, help="How many.")] = 20,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """List the runs, the newest upload first."""
    from retailrec.commands.show import runs

    runs(stack, limit, as_json)


@app.command()
@on_aws()
def status(
    run: Annotated[str, Argument(help="The run's id, or the first characters of it.")],
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Show everything that is known of a run."""
    from retailrec.commands.show import status

    status(stack, run, as_json)


@app.command()
@on_aws()
def report(
    run: Annotated[str, Argument(help="The run's id, or the first characters of it.")],
    open_it: Annotated[bool, Option("--open/--no-open", help="Open it in the browser.")] = True,
    output: Annotated[
        Path | None, Option(help="The file to write. Default: quality-report-RUN.html in this folder.")
    ] = None,
    stack: StackName = None,
) -> None:
    """Download a run's quality report, a page with charts, and open it."""
    from retailrec.commands.report import report

    report(stack, run, output, open_it)


@app.command()
@on_aws()
def metrics(
    run: Annotated[
        list[str] | None, Argument(help="Runs, each by its id or the first characters of it.")
    ] = None,
    last: Annotated[
        int | None, Option(min=1, metavar="N", help="The newest N runs that have metrics.")
    ] = None,
    every: Annotated[bool, Option("--all", help="All runs that have metrics.")] = False,
    plot: Annotated[
        Path | None, Option(metavar="FILE.png", help="Draw them into this file: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Show the metrics of trainings: by epoch, of the whole model, and across runs.

    p@k(10) is the share of ten recommended items that a customer went on to buy.
    """
    from retailrec.metrics.command import metrics

    metrics(stack, run or [], last, every, plot, as_json)


@app.command()
@on_aws()
def recommend(
    customer: Customer,
    top_n: Annotated[int, Option(min=1, max=100, help="The number of items.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Get a customer's recommendations from the REST API."""
    from retailrec.commands.show import recommend

    recommend(stack, customer, top_n, as_json)


@app.command()
@on_aws()
def history(
    customer: Customer,
    limit: Annotated[int, Option(min=1, max=100, help="The number of purchases.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Get a customer's latest purchases from the REST API."""
    from retailrec.commands.show import history

    history(stack, customer, limit, as_json)


@app.command()
@on_aws()
def console(
    port: Annotated[int, Option(min=0, max=65535, help="The port of 127.0.0.1; 0 for any free one.")] = 4680,
    open_it: Annotated[bool, Option("--open/--no-open", help="Open it in the browser.")] = True,
    stack: StackName = None,
) -> None:
    """Serve a web page with runs, metrics and customers, and a place to drop files."""
    from retailrec.console.command import console

    console(stack, port, open_it)


@app.command()
@on_aws()
def logs(
    minutes: Annotated[int, Option(min=1, help="How many minutes back.")] = 15,
    limit: Annotated[int, Option(min=1, help="The number of lines.")] = 60,
    stack: StackName = None,
) -> None:
    """Show the latest lines of the functions' log."""
    from retailrec.commands.show import logs

    logs(stack, minutes, limit)


@app.command()
@on_aws()
def retry(run: RunId, stack: StackName = None) -> None:
    """Continue a failed run from the stage that failed.

    The output of earlier stages is kept; the failed stage starts again, its job under a new name. A run
    is not retried once a later upload has replaced it.
    """
    from retailrec.commands.operate import retry

    retry(stack, run)


@app.command()
@on_aws()
def stop(run: RunId, yes: Yes = False, stack: StackName = None) -> None:
    """Stop a run in progress; the live one stays.

    It ends as failed, "Stopped by an operator.", and its SageMaker job is stopped.
    `retailrec retry RUN` continues it.
    """
    from retailrec.commands.operate import stop

    stop(stack, run, yes)


@app.command()
@on_aws()
def approve(run: RunId, yes: Yes = False, stack: StackName = None) -> None:
    """Deploy a model that the quality gate rejected.

    `retailrec status RUN` shows why it was rejected, and its metrics.
    """
    from retailrec.commands.operate import approve

    approve(stack, run, yes)


@app.command()
@on_aws()
def rollback(
    run: Annotated[
        str | None, Argument(help="A run that has been live before. Default: the one before the live one.")
    ] = None,
    yes: Yes = False,
    stack: StackName = None,
) -> None:
    """Make the previous live run live again, within one update of the endpoint.

    The stack's parameter RetainedRuns says of how many runs the model and the recommendations are kept.
    A file dropped after the run that is rolled back replaces it as usual; nothing else does.
    """
    from retailrec.commands.operate import rollback

    rollback(stack, run, yes)


@app.command()
@on_aws()
def tune(
    run: RunId,
    jobs: Annotated[
        int | None,
        Option(min=FEWEST_JOBS, max=MOST_JOBS, help="The number of training jobs. Default: the stack's."),
    ] = None,
    parallel: Annotated[
        int | None, Option(min=1, max=MOST_AT_ONCE, help="How many run at once. Default: the stack's.")
    ] = None,
    follow: Annotated[bool, Option(help="Follow the search and then the run until it ends.")] = True,
    yes: Yes = False,
    stack: StackName = None,
) -> None:
    """Search for better hyperparameters on the data of an earlier run.

    The best training job becomes a run of its own: it passes the quality gate, and goes live unless a later
    upload is live.
    """
    from retailrec.commands.tune import tune

    raise Exit(tune(stack, run, jobs, parallel, yes, follow))


@app.command()
@on_aws()
def redrive(yes: Yes = False, stack: StackName = None) -> None:
    """Send dead letters back to where they came from.

    Dead letters are events that a function could not handle, or that did not reach it. `logs` shows why:
    fix that first.
    """
    from retailrec.commands.operate import redrive_queues

    redrive_queues(stack, yes)


@app.command()
def generate(
    path: Annotated[Path, Argument(help="The file to write: .xlsx, .csv, .csv.gz or .parquet.")],
    rows: Annotated[
        int | None, Option(min=1000, help="The number of rows. Default: as many as Online Retail II.")
    ] = None,
    seed: Annotated[int, Option(help="The seed: the same seed gives the same rows.")] = 1,
) -> None:
    """Generate a transaction file that a model can learn from."""
    from retailrec.commands.generate import generate

    generate(path, rows, seed)


@app.command()
def demo(
    data: Annotated[
        Path | None, Option(help="The file to drop. Default: Online Retail II, or a generated one like it.")
    ] = None,
    algorithm_arn: AlgorithmArn = "",
) -> None:
    """Run everything once: cloud, data, training, and recommendations for two customers."""
    from retailrec.commands.demo import demo

    demo(data, algorithm_arn)
