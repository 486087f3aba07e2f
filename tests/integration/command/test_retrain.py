"""``retailrec retrain`` as people type it."""

import boto3
import pytest

from retailrec.client.retraining import NO_DATASET
from retailrec.client.stack import Stack
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.datasets import Datasets, Head, Member, identify
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from tests.integration.command.conftest import Invoke, words
from tests.integration.command.fake_server import FakeServer
from tests.unit.command.runs import make_run, with_attributes

RUN = "0123456789abcdef"


@pytest.fixture
def book(stack: FakeServer) -> Ledger:
    return Ledger("ledger", boto3.client("dynamodb"))


def accepted(book: Ledger) -> Run:
    """Have a run in the ledger whose dataset is the newest, trained as the stack is configured."""
    run = make_run(RUN, RunStatus.PREPARING, configuration=Stack.open("shop").configuration(""))
    member = Member.of(run)
    dataset = identify([member])
    book.open_run(run)
    whole = names.run_key(RUN, names.OWN_LINES)
    head = Head(1, (member,), whole, dataset)
    kept = Datasets("ledger", boto3.client("dynamodb"))
    assert kept.accept(run, RunStatus.PREPARED, Head(), head, {"dataset": dataset, "accepted": 1})
    assert kept.head() == head
    book.start_stage(RUN, Stage.TRAIN)
    book.move(RUN, RunStatus.TRAINING)
    return run


def test_without_a_dataset_it_is_refused(book: Ledger, retailrec: Invoke) -> None:
    answer = retailrec("retrain", "--stack", "shop")
    assert answer.exit_code == 1
    assert words(NO_DATASET) in words(answer.output)


def test_it_says_when_nothing_has_changed(book: Ledger, retailrec: Invoke) -> None:
    accepted(book)
    answer = retailrec("retrain", "--stack", "shop")
    assert answer.exit_code == 0, answer.output
    assert f"Nothing has changed since run {RUN} was trained (training)" in words(answer.output)
    assert "retailrec retrain --force" in words(answer.output)


@pytest.mark.parametrize("changed", [False, True])
def test_it_asks_for_a_run_and_names_it(
    book: Ledger, retailrec: Invoke, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    run = accepted(book)
    if changed:
        book.record(RUN, configuration={"cleaning_profile": "tutorial"})

    def pause(_stack: Stack) -> None:
        book.open_run(with_attributes(run, run_id="f" * 16, retrains=RUN, accepted=2))

    monkeypatch.setattr(Stack, "pause", pause)
    answer = retailrec("retrain", "--stack", "shop", "--no-follow", *([] if changed else ["--force"]))
    assert answer.exit_code == 0, answer.output
    assert f"Run {'f' * 16} trains on the newest dataset." in words(answer.output)
    (newest, _) = book.runs()
    assert newest.dataset.retrains == RUN
