"""Status moves forward only, and every run can end."""

import pytest

from retailrec_shared.core.status import ENDED, NEXT, RunStatus, Stage, before, stages_needed


def after(status: RunStatus) -> set[RunStatus]:
    found: set[RunStatus] = set()
    todo = {status}
    while todo:
        following = NEXT[todo.pop()] - found
        found |= following
        todo |= following
    return found


@pytest.mark.parametrize("status", RunStatus)
def test_no_run_comes_back_to_where_it_was(status: RunStatus) -> None:
    assert status not in after(status)


@pytest.mark.parametrize("status", sorted(set(RunStatus) - ENDED))
def test_every_run_on_its_way_may_fail_and_may_be_live(status: RunStatus) -> None:
    assert RunStatus.FAILED in NEXT[status]
    assert RunStatus.LIVE in after(status)


def test_every_status_has_its_place_in_the_table() -> None:
    assert set(NEXT) == set(RunStatus)
    assert before(RunStatus.LIVE) == {RunStatus.APPROVED}
    assert before(RunStatus.PREPARING) == set()


def test_a_live_run_ends_only_by_being_replaced() -> None:
    assert NEXT[RunStatus.LIVE] == {RunStatus.SUPERSEDED}


def test_without_an_endpoint_publishing_is_enough() -> None:
    assert stages_needed("none") == {Stage.PUBLISH}
    assert stages_needed("serverless") == stages_needed("instance") == {Stage.PUBLISH, Stage.DEPLOY}
