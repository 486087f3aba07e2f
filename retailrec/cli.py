"""The command for people: every verb, its arguments, and nothing else.

What a verb needs is imported when it is called, so that help and mistakes are quick.
"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

from retailrec.boundary import Commands

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
Customer = Annotated[str, Argument(help="The customer's id, as in the data.")]


@app.callback()
def main(debug: Debug = False) -> None:
    """Turn a retailer's transaction file into a recommendation service."""


@app.command()
def up() -> None:
    """Bring the local cloud up, with the application deployed on it."""
    from retailrec import cloud_commands

    cloud_commands.up()


@app.command()
def down() -> None:
    """Take the local cloud down, with all that it holds."""
    from retailrec import cloud_commands

    cloud_commands.take_down()


@app.command()
def drop(
    file: Annotated[Path, Argument(help="xlsx, xls, csv, csv.gz or parquet, or a zip of one.")],
    key: Annotated[str | None, Option(help="Its name in the bucket. Without it: the file's own.")] = None,
    mapping: Annotated[
        Path | None, Option(metavar="JSON", help="Which of its columns is which, if its headers are its own.")
    ] = None,
    follow: Annotated[bool, Option(help="Follow the run until it is live or has ended otherwise.")] = True,
    stack: StackName = None,
) -> None:
    """Upload a transaction file and follow its run."""
    from retailrec.drop_command import drop
    from retailrec.dropping import mapping_text, readable_file
    from retailrec.stack import Stack

    path, columns = readable_file(file), mapping_text(mapping)
    raise Exit(drop(Stack.open(stack), path, key, follow, columns))


@app.command()
def runs(
    limit: Annotated[int, Option(min=1, help="How many.")] = 20,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """List the runs, the newest upload first."""
    from retailrec import ask_commands

    ask_commands.runs(stack, limit, as_json)


@app.command()
def status(
    run: Annotated[str, Argument(help="The run's id, or its beginning.")],
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Tell everything that is known of a run."""
    from retailrec import ask_commands

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
    from retailrec.report_command import report

    report(stack, run, output, open_it)


@app.command()
def recommend(
    customer: Customer,
    top_n: Annotated[int, Option(min=1, max=100, help="How many items.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Ask the REST API what a customer may like."""
    from retailrec import ask_commands

    ask_commands.recommend(stack, customer, top_n, as_json)


@app.command()
def history(
    customer: Customer,
    limit: Annotated[int, Option(min=1, max=100, help="How many purchases.")] = 10,
    as_json: AsJson = False,
    stack: StackName = None,
) -> None:
    """Ask the REST API for a customer's latest purchases."""
    from retailrec import ask_commands

    ask_commands.history(stack, customer, limit, as_json)


@app.command()
def logs(
    minutes: Annotated[int, Option(min=1, help="How far back.")] = 15,
    limit: Annotated[int, Option(min=1, help="How many lines.")] = 60,
    stack: StackName = None,
) -> None:
    """Show what the functions logged lately."""
    from retailrec import ask_commands

    ask_commands.logs(stack, minutes, limit)


@app.command()
def generate(
    path: Annotated[Path, Argument(help="Where to: .xlsx, .csv, .csv.gz or .parquet.")],
    rows: Annotated[int | None, Option(min=1000, help="Without it: as many as Online Retail II.")] = None,
    seed: Annotated[int, Option(help="The same seed makes the same rows.")] = 1,
) -> None:
    """Make a transaction file that is worth learning from."""
    from retailrec import generate_command

    generate_command.generate(path, rows, seed)


@app.command()
def demo(
    data: Annotated[
        Path | None, Option(help="The file to drop. Without it: Online Retail II, or one like it.")
    ] = None,
) -> None:
    """See it all: cloud, data, training, and recommendations for two customers."""
    from retailrec.demo import demo

    demo(data)
