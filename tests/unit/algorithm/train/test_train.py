import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.folders import Folders
from recommender.model.model import load_model
from recommender.serve.queries import Query
from recommender.serve.recommend import recommend
from recommender.train import program

ROWS = [f"{user},{item}" for user in ("00123", "13085", "85123A") for item in ("00123", "1e5", "22752")]
HEADER = "user_id,item_id"


@pytest.fixture
def run(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, write_hyperparameters: Callable[..., None]
) -> Callable[[], int]:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(folders.base))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    write_hyperparameters(factors="4", iterations="2")
    return program.main


def failure(folders: Folders) -> str:
    return folders.failure.read_text()


def test_a_run_leaves_a_model_and_one_line_for_each_metric(
    folders: Folders,
    run: Callable[[], int],
    write_channel: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_channel("training", [HEADER, *ROWS])
    write_channel("testing", [HEADER, "00123,22752", "nobody,1e5"])
    assert run() == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("metric: ")]
    metrics = json.loads((folders.model / "metrics.json").read_text())
    figures = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
    figures.pop("refitted")
    figures.pop("recency")
    assert {"p@k(10)", "p@k(10)_in_sample", "ndcg@20_popularity_new_items_se"} <= set(figures)
    logged = [line.split(" = ")[0].removeprefix("metric: ") for line in printed]
    assert [name for name in logged if name not in ("train_auc", "epoch_p@k(10)")] == list(figures)
    assert "metric: p@k(10) = 0.100000" in printed
    assert "metric: users_unknown = 1" in printed
    assert not folders.failure.exists()


def test_the_model_knows_ids_as_they_were_written(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, *ROWS])
    assert run() == 0
    model = load_model(folders.model)
    codes, _ = recommend(model, Query("00123", exclude_purchased=False))
    assert {model.item_ids[code] for code in codes} == {"00123", "1e5", "22752"}


def test_the_description_names_what_made_the_model(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, *ROWS, ROWS[0]])
    assert run() == 0
    description = json.loads((folders.model / "model.json").read_text())
    assert (description["schema_version"], description["users"], description["items"]) == (2, 3, 3)
    assert (description["rows"], description["pairs"]) == (10, 9)
    assert description["hyperparameters"]["factors"] == 4


@pytest.mark.parametrize("lines", [["a,b"], [HEADER], [HEADER, "00123,"]])
def test_bad_data_ends_in_the_failure_file(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path], lines: list[str]
) -> None:
    write_channel("training", lines)
    assert run() == 1
    assert failure(folders).endswith(".")
    assert "training" in failure(folders)
    assert not folders.model.exists()


def test_a_bad_testing_channel_fails_too(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, *ROWS])
    write_channel("testing", ["nonsense"])
    assert run() == 1
    assert "testing/interactions.csv" in failure(folders)


def test_an_unknown_hyperparameter_is_named(
    folders: Folders, run: Callable[[], int], write_hyperparameters: Callable[..., None]
) -> None:
    write_hyperparameters(epochs="3")
    assert run() == 1
    assert failure(folders).startswith("Unknown hyperparameter: epochs.")


def test_a_long_reason_is_cut_where_sagemaker_cuts_it(
    folders: Folders, run: Callable[[], int], write_hyperparameters: Callable[..., None]
) -> None:
    write_hyperparameters(**{"x" * 5000: "1"})
    assert run() == 1
    assert len(failure(folders)) == 1024


def test_a_full_volume_is_for_the_jobs_owner_to_fix(
    folders: Folders, run: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_folder: Path, **_options: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(program, "read_channel", fail)
    assert run() == 1
    assert "VolumeSizeInGB" in failure(folders)


def test_a_fault_of_ours_leaves_its_type_and_the_traceback(
    folders: Folders,
    run: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_folder: Path, **_options: bool) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(program, "read_channel", fail)
    assert run() == 2
    assert failure(folders) == "MemoryError: no room"
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "resourceconfig",
            {"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]},
            "one instance; the job has 2",
        ),
        ("inputdataconfig", {"training": {"TrainingInputMode": "Pipe"}}, "File mode, not Pipe"),
        ("inputdataconfig", {"training": {"ContentType": "application/x-recordio"}}, "must be text/csv"),
    ],
)
def test_a_job_that_would_be_misread_is_refused(
    folders: Folders, run: Callable[[], int], name: str, content: object, sentence: str
) -> None:
    (folders.configuration / f"{name}.json").write_text(json.dumps(content))
    assert run() == 1
    assert sentence in failure(folders)


def test_the_configuration_that_sagemaker_writes_is_accepted(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, *ROWS])
    channel = {"TrainingInputMode": "File", "ContentType": "text/csv", "RecordWrapperType": "None"}
    (folders.configuration / "inputdataconfig.json").write_text(json.dumps({"training": channel}))
    (folders.configuration / "resourceconfig.json").write_text(json.dumps({"hosts": ["algo-1"]}))
    assert run() == 0


def test_bought_pairs_are_kept_sorted_for_each_user(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, "b,z", "a,y", "b,x", "b,z"])
    assert run() == 0
    loaded = load_model(folders.model)
    assert np.diff(loaded.purchased.indptr).tolist() == [1, 2]
    assert [loaded.item_ids[code] for code in loaded.purchased.indices.tolist()] == ["y", "x", "z"]


def test_the_model_that_ships_learned_from_all_rows(
    folders: Folders, run: Callable[[], int], write_channel: Callable[..., Path]
) -> None:
    write_channel("training", [HEADER, *ROWS])
    write_channel("testing", [HEADER, "00123,new item", "newcomer,1e5"])
    assert run() == 0
    loaded = load_model(folders.model)
    assert "newcomer" in list(loaded.user_ids)
    assert "new item" in list(loaded.item_ids)
    description, metrics = (
        json.loads((folders.model / f"{name}.json").read_text()) for name in ("model", "metrics")
    )
    assert (description["rows"], description["refitted"], metrics["refitted"]) == (11, True, True)
    # The metrics are of the fit that had not seen them.
    assert metrics["evaluated_on"] == {"channel": "testing", "rows": 2, "fitted_on_rows": 9}
    assert (metrics["users_evaluated"], metrics["users_unknown"]) == (1, 1)


def test_without_refit_the_evaluated_fit_ships(
    folders: Folders,
    run: Callable[[], int],
    write_channel: Callable[..., Path],
    write_hyperparameters: Callable[..., None],
) -> None:
    write_hyperparameters(factors="4", iterations="2", refit="false")
    write_channel("training", [HEADER, *ROWS])
    write_channel("testing", [HEADER, "00123,new item", "newcomer,1e5"])
    assert run() == 0
    assert "newcomer" not in list(load_model(folders.model).user_ids)
    assert json.loads((folders.model / "metrics.json").read_text())["refitted"] is False


def test_without_a_testing_channel_nothing_is_fitted_twice(
    folders: Folders,
    run: Callable[[], int],
    write_channel: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_channel("training", [HEADER, *ROWS])
    assert run() == 0
    assert "fitting again" not in capsys.readouterr().out
    metrics = json.loads((folders.model / "metrics.json").read_text())
    assert (metrics["refitted"], metrics["evaluated_on"]) == (False, None)
    assert "p@k(10)" not in metrics
