"""``retailrec demo``: the whole way from a dropped file to recommendations."""

import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from typer import Exit

from retailrec.client import paths
from retailrec.client.dropping import DroppedRun, readable_file
from retailrec.client.stack import Stack
from retailrec.commands.cloud import bring_up, take_down
from retailrec.commands.demo_data import DemoData, choose_data
from retailrec.commands.demo_report import DemoReport, dataset_report, stage_seconds
from retailrec.commands.drop import NOT_LIVE, find, follow_on, print_outcome, upload_with_bar
from retailrec.commands.interrupts import Interrupts
from retailrec.commands.report import save_page
from retailrec.views.customers import CUSTOMERS, CustomerAnswers, read_answers, show_customer
from retailrec.views.metrics import metrics_table
from retailrec.views.quality import quality_table, read_quality, warning_lines
from retailrec.views.screen import command, out, seconds
from retailrec.views.stages import seconds_taken
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core.status import ENDED, RunStatus
from retailrec_shared.ledger.run import Run


class LiveRun(NamedTuple):
    """A run that is live, and the seconds from the start of its upload until then."""

    run: Run
    seconds: float | None


def demo(given: Path | None, algorithm_arn: str = "") -> None:
    """Run the demo; when interrupted or failed, stop the cloud if the demo has started it."""
    paths.need_repository()
    screen = out()
    with Interrupts() as interrupts:
        data = choose_data(readable_file(given) if given else None, screen)
        cloud, started = bring_up(interrupts, algorithm_arn=algorithm_arn)
        try:
            report = _run(Stack.local(cloud), data, screen)
        except BaseException:
            interrupts.ignore()
            if started:
                screen.print("\nCleaning up", style="bold")
                take_down()
            raise
    report.save(paths.REPORT)
    _print_next_steps(screen)


def _run(stack: Stack, data: DemoData, screen: Console) -> DemoReport:
    live = _make_live(stack, data, screen)
    quality = read_quality(stack, live.run.run_id)
    api = stack.api()
    answers = [read_answers(api, customer, live.run.run_id) for customer in CUSTOMERS]
    page = paths.REPORT.with_name(paths.QUALITY_PAGE)
    _show(live, quality, answers, screen)
    if save_page(stack, live.run, page):
        screen.print(f"Quality report: {_shown(page)}")
    return DemoReport(
        dataset=dataset_report(data.source, live.run, quality),
        run_id=live.run.run_id,
        stages=stage_seconds(live.run),
        total_seconds=live.seconds,
        metrics=live.run.metrics,
        recommendations={each.customer: each.recommendations.recommendations for each in answers},
        api_url=stack.api_url,
    )


def _make_live(stack: Stack, data: DemoData, screen: Console) -> LiveRun:
    screen.print(f"Data: {data.path.name} ({data.source})")
    began = time.monotonic()
    found = _drop(stack, data.path, data.path.name, screen)
    if found.before and found.run.status in ENDED and found.run.status is not RunStatus.LIVE:
        screen.print(
            f"The same bytes were dropped before, and are {found.run.status}: to drop them again, use "
            "another name."
        )
        found = _drop(stack, data.path, f"{time.strftime('%Y%m%dT%H%M%S')}-{data.path.name}", screen)
    run = follow_on(stack, found, screen)
    took = seconds_taken(run) if found.before else time.monotonic() - began
    print_outcome(run, found.before, screen)
    if run.status is not RunStatus.LIVE:
        raise Exit(NOT_LIVE)
    return LiveRun(run, took)


def _drop(stack: Stack, path: Path, key: str, screen: Console) -> DroppedRun:
    return find(stack, upload_with_bar(stack, path, key, screen), screen)


def _show(live: LiveRun, quality: QualityReport, answers: list[CustomerAnswers], screen: Console) -> None:
    parts = [quality_table(quality), metrics_table(live.run.metrics, live.run)]
    if quality.warnings:
        parts.insert(1, warning_lines(quality))
    for part in [*parts, *(show_customer(each, screen) for each in answers)]:
        screen.print("")
        screen.print(part)
    screen.print(
        f"\nFrom drop to live: {seconds(live.seconds)}. Report: {paths.REPORT.name} in build/demo/",
        style="bold",
    )


def _shown(path: Path) -> Path:
    """Shorten a path below the repository's root."""
    return path.relative_to(paths.REPOSITORY) if path.is_relative_to(paths.REPOSITORY) else path


def _print_next_steps(screen: Console) -> None:
    screen.print("\nThe local cloud stays up. Next:")
    for line in (f"{command()} recommend 13085", f"{command()} drop FILE", f"{command()} runs", "make down"):
        screen.print(f"  {line}")
    screen.print(f'Keys for curl and the AWS command line: eval "$({command()} keys)"')
