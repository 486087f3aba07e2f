"""The ledger's item of a run is a contract: stacks hold items that earlier releases wrote."""

from typing import Any

import pytest
from pydantic import ValidationError

from retailrec_shared.core.marketplace_limits import NOT_OF_MARKETPLACE
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.items import read, run_item
from retailrec_shared.ledger.run import PARTS, Run
from retailrec_shared.ledger.run_parts import Lease, Upload

STAGES = {
    "prepare": {
        "started_at": "2026-01-02T03:04:05.000Z",
        "ended_at": "2026-01-02T03:05:00.000Z",
        "attempt": 1,
        "tried_again": 0,
    },
    "train": {
        "started_at": "2026-01-02T03:06:00.000Z",
        "waiting": "No quota.",
        "attempt": 2,
        "tried_again": 1,
        "not_before": "2026-01-02T03:05:30.000Z",
        "unsettled_since": "2026-01-02T03:05:40.000Z",
    },
    "approve": {"attempt": 1, "tried_again": 0},
    "batch": {"attempt": 1, "tried_again": 0},
    "publish": {
        "attempt": 1,
        "tried_again": 0,
        "failure": "AWS refused BatchWriteItem.",
        "failures": 2,
        "lease_until": "2026-01-02T03:40:00.000Z",
        "lease_by": "me",
        "leases": 1,
        "position": {"customers": 3, "recommendations": 30, "entries": 9, "passed": 2, "order": 1},
    },
    "deploy": {"attempt": 1, "tried_again": 0},
}
# Every attribute that a run's item can hold, each with another value than a new run's.
ATTRIBUTES: dict[str, Any] = {
    "run_id": "0123456789abcdef",
    "upload": {
        "bucket": "raw",
        "key": "append/week 5.csv",
        "etag": "e1",
        "size": 1234,
        "uploaded_at": "2026-01-02T03:04:00.000Z",
        "sequencer": "0055AED6DCD90281E5",
        "version_id": "v1",
    },
    "configuration": {"algorithm": "arn:aws:sagemaker:eu-west-1:865070037744:algorithm/shop", "tuning": "on"},
    "status_at": "2026-01-02T04:00:00.000Z",
    "counts": {"interactions": 12345},
    "metrics": {"p@k(10)": "0.25"},
    "reason": "It broke.",
    "next_step": "Fix it.",
    "failed_stage": "train",
    "announced": "failed",
    "replaced": "1111111111111111",
    "attempts": 2,
    "busy_until": "2026-01-02T03:20:00.000Z",
    "busy_by": "me",
    "retired": True,
    "removed": True,
    "tidied": 2,
    "cleaned": True,
    "cleaned_to": 800_000,
    "cleaned_order": 1,
    "overruled": "Too few items.",
    "caution": "A lower lift.",
    "rolled_back_from": "2222222222222222",
    "accepted": 7,
    "newest": "2026-01-03T00:00:00.000Z#0",
    "joined": True,
    "added_to": "3333333333333333",
    "dataset": "4444444444444444",
    "retrains": "5555555555555555",
    "stopping": ["training-job/shop-0123456789abcdef"],
    "tuned_from": "6666666666666666",
    "asked_at": "2026-01-04T00:00:00.000Z",
    "best_job": "tuning-0123456789abcdef-001-abcd",
    "tuned": {"factors": "32"},
    "swept": 1,
    "stages": STAGES,
    "not_available": list(NOT_OF_MARKETPLACE),
}
ITEM = {
    "pk": "run#0123456789abcdef",
    "kind": "run",
    "upload_order": "2026-01-03T00:00:00.000Z#0#000000007#~2026-01-04T00:00:00.000Z#0123456789abcdef",
    "status": "failed",
    "run": ATTRIBUTES,
}


def test_every_attribute_of_an_item_is_read_and_written_again_as_it_was() -> None:
    run = Run.load(ITEM)
    assert read(run_item(run)) == ITEM
    assert Run.load(read(run_item(run))) == run
    new = Run(run_id="0", upload=run.upload, configuration={}).attributes()
    assert new.keys() == ATTRIBUTES.keys() | {"status"}
    assert not [name for name in ATTRIBUTES.keys() - {"upload"} if new[name] == ATTRIBUTES[name]]


def test_each_attribute_has_its_place_in_the_parts() -> None:
    run = Run.load(ITEM)
    assert run.upload.size == 1234
    assert (run.stages[Stage.TRAIN].waiting, run.attempt(Stage.TRAIN)) == ("No quota.", 2)
    assert run.outcome.model_dump() == {
        "reason": "It broke.", "next_step": "Fix it.", "failed_stage": Stage.TRAIN,
        "announced": RunStatus.FAILED,
    }  # fmt: skip
    assert run.lease == Lease(acquired=2, expires_at="2026-01-02T03:20:00.000Z", holder="me")
    assert (run.gate.overruled, run.gate.caution) == ("Too few items.", "A lower lift.")
    assert (run.rollout.replaced, run.rollout.rolled_back_from) == ("1" * 16, "2" * 16)
    assert run.dataset.model_dump() == {
        "id": "4" * 16, "number": 7, "newest_upload": "2026-01-03T00:00:00.000Z#0", "joined": True,
        "added_to": "3" * 16, "retrains": "5" * 16,
    }  # fmt: skip
    assert run.tuning.model_dump() == {
        "source_run": "6" * 16, "requested_at": "2026-01-04T00:00:00.000Z",
        "best_job": "tuning-0123456789abcdef-001-abcd", "found": {"factors": "32"},
    }  # fmt: skip
    assert run.cleanup.model_dump() == {
        "jobs_to_stop": ("training-job/shop-0123456789abcdef",), "retired": True, "resources_deleted": True,
        "first_attempt_kept": 2, "serving_items_deleted": True, "serving_items_passed": 800_000,
        "serving_items_order": 1,
        "swept_attempts": 1,
    }  # fmt: skip


def test_the_items_of_earlier_releases_are_read() -> None:
    upload = {"bucket": "raw", "key": "a.csv", "etag": "e", "size": 9, "uploaded_at": "2026-01-01"}
    oldest = {"run_id": "0", "upload": upload, "configuration": {}, "status_at": "2026-01-01"}
    run = Run.load({"run": oldest | {"an_attribute_that_is_gone": 1, "holder": "x"}, "status": "prepared"})
    assert run.upload == Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    assert [getattr(run, name) for name in PARTS] == [part() for part in PARTS.values()]


def test_a_run_is_not_created_with_attributes_that_it_does_not_have() -> None:
    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    with pytest.raises(ValidationError, match="busy_by"):
        Run(run_id="0", upload=upload, configuration={}, busy_by="me")  # type: ignore[call-arg]
