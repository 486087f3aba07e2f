"""docs/ledger.md holds the state machine as it is in the code, and the code keeps its own rules."""

from pathlib import Path

import pytest

from prepare_dataset.upload import LEASE_DURATION
from reconcile_runs.cleaning import SERVING_ITEMS_GRACE
from retailrec_shared.core.status import MOVES, RunStatus, as_markdown
from retailrec_shared.sagemaker.retirement import RETIREMENT_GRACE
from tests.environment import read_template

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template()
TIMEOUTS = {
    resource["Properties"]["Handler"].split(".")[0]: resource["Properties"].get(
        "Timeout", TEMPLATE["Globals"]["Function"]["Timeout"]
    )
    for resource in TEMPLATE["Resources"].values()
    if resource["Type"] == "AWS::Serverless::Function"
}


def test_the_table_in_the_docs_is_the_one_in_the_code() -> None:
    assert f"\n{as_markdown()}\n" in (ROOT / "docs/ledger.md").read_text()


def test_each_move_stands_once_and_names_functions_that_exist() -> None:
    assert len({(move.start, move.to) for move in MOVES}) == len(MOVES)
    assert {function for move in MOVES for function in move.by} <= set(TIMEOUTS)


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_is_reached(status: RunStatus) -> None:
    assert status is RunStatus.PREPARING or status in {move.to for move in MOVES}


def test_a_lease_and_a_grace_outlive_every_function_that_they_are_about() -> None:
    assert LEASE_DURATION.total_seconds() > TIMEOUTS["prepare_dataset"]
    assert SERVING_ITEMS_GRACE.total_seconds() > TIMEOUTS["publish_recommendations"]
    makers = ("approve_model", "start_batch", "update_endpoint", "activate_endpoint")
    assert RETIREMENT_GRACE.total_seconds() > max(TIMEOUTS[maker] for maker in makers)
