"""What trainings measured, as tables and pictures."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from retailrec.client.problems import Problem
from retailrec.metrics.epochs import Line, read_progress
from retailrec.metrics.figures import draw, render
from retailrec.metrics.measured import Measured, training_job
from retailrec.metrics.saving import picture_kind, save
from retailrec.metrics.tables import across, bar, by_epoch, thinned
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run_parts import StageRecord
from tests.unit.command.metrics.measurements import METRICS, make_measured
from tests.unit.command.runs import make_run
from tests.unit.command.views.test_views import shown

pytestmark = pytest.mark.slow

PNG, SVG = b"\x89PNG\r\n\x1a\n", b"<?xml"


def panel(figure: Figure, title: str) -> Axes:
    (found,) = [axes for axes in figure.axes if title in axes.get_title("left")]
    return found


def lines(axes: Axes) -> list[dict[Any, Any]]:
    """Read back what is drawn: each line's points."""
    return [dict(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in axes.get_lines()]  # type: ignore[arg-type]


def words(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.texts)


def test_the_curve_is_by_epoch_and_the_rest_is_of_the_whole_model() -> None:
    measured = make_measured()
    assert [point.value for point in measured.precision] == [0.10, 0.16, 0.21]
    assert list(measured.others) == ["train_auc"]
    assert measured.lift == pytest.approx(2.5)
    assert make_measured(metrics={"p@k(10)": 0.2}).lift is None


def test_the_marketplace_algorithms_own_lines_are_a_curve_too() -> None:
    found = read_progress(Line(n, f"p@k(10): {value}") for n, value in enumerate((0.1, 0.3)))
    assert [tuple(point) for point in Measured(make_run(), {}, found).precision] == [(1, 0.1), (2, 0.3)]


def test_a_retried_training_is_read_by_its_present_name() -> None:
    run = make_run("ab" * 8, stages={Stage.TRAIN: StageRecord(attempt=2)})
    assert training_job("shop", run) == f"shop-{'ab' * 8}-2"


def test_a_tuned_run_is_read_by_the_best_job_of_its_search() -> None:
    assert training_job("shop", make_run(best_job="tuning-ab-007-1a2b")) == "tuning-ab-007-1a2b"


def test_epochs_are_listed_with_their_values_and_a_bar() -> None:
    text = shown(by_epoch(make_measured()))
    assert re.search(r"4\s+0\.2100\s+0\.7800\s+━{24}\s", text)
    assert re.search(r"1\s+0\.1000\s+0\.6000\s+━{11}\s", text)
    assert "logged nothing by epoch" in shown(by_epoch(make_measured(curve={})))


def test_long_trainings_are_thinned_evenly_and_keep_both_ends() -> None:
    some = thinned(range(1, 101))
    assert (len(some), some[0], some[-1]) == (20, 1, 100)
    assert max(late - early for early, late in pairwise(some)) <= 6
    assert thinned([1, 5]) == [1, 5]
    many = make_measured(curve={epoch: (epoch / 100, 0.5) for epoch in range(1, 101)})
    assert "20 of 100 epochs are shown; --json has all." in " ".join(shown(by_epoch(many)).split())


def test_a_bar_is_never_longer_than_its_place() -> None:
    assert (bar(0.2, 0.2), bar(-1.0, 0.2), bar(0.0, 0.0), bar(None, 1.0)) == ("━" * 24, "", "", "")


def test_runs_are_listed_next_to_popularity() -> None:
    text = shown(across([make_measured("a" * 16), make_measured("b" * 16, metrics={"p@k(10)": 0.3})]))
    assert re.search(r"aaaaaaaa .* 0\.2000\s+0\.0800\s+2\.50\s+0\.1100\s+0\.3100", text)
    assert re.search(r"bbbbbbbb .* 0\.3000\s*$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 100


def test_one_runs_picture_shows_its_curve_between_what_needs_no_model() -> None:
    figure = draw([make_measured(counts={"interactions": 43736})])
    top = panel(figure, "Precision at 10 by epoch")
    drawn = lines(top)
    assert {1: 0.10, 2: 0.16, 4: 0.21} in drawn
    assert {0: 0.08, 1: 0.08} in drawn
    assert {0: 0.15, 1: 0.15} in drawn
    assert "popularity 0.080" in words(top)
    assert "whole model 0.200 ± 0.010" in words(top)
    assert "epoch" in top.get_xlabel()
    assert "precision at 10" in top.get_ylabel()
    assert top.get_ylim()[0] == 0
    assert figure.get_suptitle() == "Run 01234567 of sales.csv"
    assert "43,736 interactions" in figure.get_supxlabel()


def test_bars_hold_the_metrics_and_are_distinct_without_colour() -> None:
    bars = panel(draw([make_measured()]), "Precision at 10, whole model")
    drawn = {
        each.get_label(): [round(patch.get_height(), 4) for patch in each.patches]
        for each in bars.containers
        if isinstance(each, BarContainer)
    }
    assert drawn["model"] == [0.2, 0.11]
    assert drawn["popularity"] == [0.08, 0.05]
    assert drawn["customer's own items"] == [0.15]
    hatches = {patch.get_hatch() for patch in bars.patches}
    assert len(hatches) == 3
    assert "in sample" in bars.get_xticklabels()[-1].get_text()


def test_several_runs_lie_over_each_other_by_epoch_and_side_by_side_as_a_whole() -> None:
    runs = [make_measured(str(n) * 16, day=n, metrics=METRICS | {"p@k(10)": n / 10}) for n in (1, 2, 3)]
    figure = draw(runs)
    top = panel(figure, "by epoch")
    assert [line.get_label() for line in top.get_lines()] == [f"{n * 8}  sales.csv" for n in ("3", "2", "1")]
    assert len({str(line.get_linestyle()) + str(line.get_marker()) for line in top.get_lines()}) == 3
    over = panel(figure, "Precision at 10, held out")
    assert {0: 0.1, 1: 0.2, 2: 0.3} in lines(over)
    assert {0: 0.08, 1: 0.08, 2: 0.08} in lines(over)
    assert [label.get_text().split("\n")[0] for label in over.get_xticklabels()] == [
        "1" * 8,
        "2" * 8,
        "3" * 8,
    ]


@pytest.mark.parametrize(
    "runs",
    [
        [make_measured(curve={}, metrics={"p@k(10)": 0.2})],
        [make_measured(metrics={}, status=RunStatus.TRAINING)],
        [make_measured(curve={1: (0.0, 0.5), 2: (0.0, 0.5)}, metrics={"p@k(10)": 0.0})],
        [make_measured(key="März $1_2^3$ 売上.csv" * 9)],
        [make_measured(str(n % 10) * 16, day=1 + n % 28) for n in range(40)],
        [make_measured(curve={}, metrics={"p@k(10)": 0.2}), make_measured(curve={}, metrics={})],
    ],
    ids=["no epochs", "no end yet", "zeros", "odd name", "many", "several bare"],
)
def test_whatever_was_measured_can_be_drawn(runs: list[Measured]) -> None:
    assert render(draw(runs), "png").startswith(PNG)


def test_the_same_runs_are_the_same_file() -> None:
    assert render(draw([make_measured()]), "svg") == render(draw([make_measured()]), "svg")


@pytest.mark.parametrize(("name", "head"), [("a.png", PNG), ("a.SVG", SVG), ("a.pdf", b"%PDF")])
def test_the_suffix_decides_what_is_written(tmp_path: Path, name: str, head: bytes) -> None:
    path = tmp_path / "new" / name
    save(path, picture_kind(path), [make_measured()])
    assert path.read_bytes().startswith(head)
    assert [each.name for each in path.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.gif", "a", ".png", "a.png.txt"])
def test_an_unknown_suffix_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(Problem, match=r"\.png, \.svg, \.pdf"):
        picture_kind(Path(name))


def test_a_folder_and_a_protected_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kept = tmp_path / "a.png", tmp_path / "b.png"
    folder.mkdir()
    kept.touch()
    with pytest.raises(Problem, match="is a folder"):
        picture_kind(folder)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everything
    with pytest.raises(Problem, match="must not be overwritten"):
        picture_kind(kept)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match="cannot be written"):
        save(tmp_path / "file" / "a.png", "png", [make_measured()])
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_a_marketplace_algorithm_reports_is_not_called_held_out() -> None:
    arn = {"algorithm": "arn:aws:sagemaker:us-east-1:1:algorithm/x"}
    assert "held out" not in draw([make_measured(configuration=arn)]).axes[0].get_title("left")
