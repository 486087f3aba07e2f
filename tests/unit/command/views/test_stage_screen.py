from io import StringIO

from rich.console import Console

from retailrec.client.searching import Search
from retailrec.views.screen import console
from retailrec.views.stage_screen import LiveStages, PlainStages, stage_screen
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run_parts import StageRecord
from tests.unit.command.runs import make_run, timed


def paper(terminal: bool = False) -> Console:
    return console(file=StringIO(), width=100, force_terminal=terminal)


def written(on: Console) -> str:
    assert isinstance(on.file, StringIO)
    return on.file.getvalue()


def test_a_pipe_gets_one_line_for_each_change_and_a_terminal_gets_bars() -> None:
    assert isinstance(stage_screen(paper()), PlainStages)
    assert isinstance(stage_screen(paper(terminal=True)), LiveStages)


def test_plain_lines_show_each_change_once() -> None:
    on = paper()
    with PlainStages(on) as screen:
        running = make_run(stages={Stage.PREPARE: timed(0)})
        screen.show(running)
        screen.show(running)
        waiting = {Stage.PREPARE: timed(0, 6), Stage.TRAIN: StageRecord(waiting="The quota is 0.")}
        screen.show(make_run(status=RunStatus.PREPARED, stages=waiting))
    assert written(on).splitlines() == [
        "  prepare  running",
        "  prepare  done in 6.0 s",
        "  train    waiting: The quota is 0.",
    ]


def test_a_terminal_shows_every_stage_on_a_line_of_its_own() -> None:
    on = paper(terminal=True)
    with LiveStages(on) as screen:
        screen.show(make_run(stages={Stage.PREPARE: timed(0, 6), Stage.TRAIN: timed(7)}))
    lines = [line for line in written(on).splitlines() if any(stage in line for stage in Stage)]
    last = lines[-6:]
    assert [stage.value in line for stage, line in zip(Stage, last, strict=True)] == [True] * 6
    assert "6.0 s" in last[0]
    assert "running" in last[1]
    assert "pending" in last[2]


def test_a_search_is_printed_whenever_it_has_advanced() -> None:
    training = make_run(status=RunStatus.TRAINING, stages={Stage.TRAIN: timed(7)})
    on = paper()
    with PlainStages(on) as screen:
        for search in (None, Search(0, 4), Search(1, 4, 0.25), Search(1, 4, 0.25)):
            screen.show(training, search)
    assert written(on).splitlines() == [
        "  train    running",
        "  train    0 of 4 training jobs",
        "  train    1 of 4 training jobs, best 0.2500",
    ]
    bars = paper(terminal=True)
    with LiveStages(bars) as live:
        live.show(training, Search(3, 4, 0.25))
    (line,) = [line for line in written(bars).splitlines() if "train " in line][-1:]
    assert "3 of 4 training jobs, best 0.2500" in line
