from retailrec.metrics.epochs import Line, read_progress


def progress(*texts: str) -> dict[str, list[tuple[int, float]]]:
    lines = [Line(1000 + number, text) for number, text in enumerate(texts)]
    found = read_progress(lines).document()
    return {each["name"]: [(p["step"], p["value"]) for p in each["points"]] for each in found["series"]}


def test_pairs_on_an_epochs_line_are_its_metrics() -> None:
    found = progress(
        "training on 374 rows: 9 users, 8 items, 70 pairs",
        "epoch 10/100 train_auc=0.5312 seconds=0.07",
        "epoch 20/100 train_auc=0.6 seconds=0.07",
    )
    assert found == {"train_auc": [(10, 0.5312), (20, 0.6)]}


def test_metric_lines_belong_to_the_epoch_before_them() -> None:
    found = progress(
        "epoch 1/40 in 0.52 seconds",
        "metric: train_auc = 0.500000",
        "metric: epoch_p@k(10) = 0.01",
        "epoch 5/40 in 0.52 seconds",
        "metric: train_auc = 0.700000",
        "metric: epoch_p@k(10) = 5e-2",
        "metric: p@k(10) = 0.061",
        "metric: users_evaluated = 90",
    )
    assert found == {"train_auc": [(1, 0.5), (5, 0.7)], "epoch_p@k(10)": [(1, 0.01), (5, 0.05)]}


def test_the_marketplace_algorithms_lines_are_counted_where_no_epoch_is_named() -> None:
    assert progress("p@k(10): 0.1", "p@k(10) = 0.2", "p@k(10): nan") == {"p@k(10)": [(1, 0.1), (2, 0.2)]}


def test_a_second_fit_replaces_the_metrics_that_it_logs_and_nothing_else() -> None:
    first = [
        "epoch 1/2",
        "metric: auc = 0.1",
        "metric: held = 1",
        "epoch 2/2",
        "metric: auc = 0.2",
        "metric: held = 2",
    ]
    second = ["epoch 1/2", "metric: auc = 0.3", "epoch 2/2", "metric: auc = 0.4"]
    assert progress(*first, *second) == {"auc": [(1, 0.3), (2, 0.4)], "held": [(1, 1.0), (2, 2.0)]}


def test_a_metric_that_is_logged_once_is_no_series() -> None:
    assert progress("metric: p@k(10) = 0.1", "", "Traceback: x = 1") == {}


def test_how_far_the_training_has_come() -> None:
    found = read_progress([Line(1, "epoch 3/40 in 1.2 seconds")])
    assert (found.epoch, found.epochs) == (3, 40)
    assert read_progress([]).document() == {"epoch": None, "epochs": None, "series": []}
