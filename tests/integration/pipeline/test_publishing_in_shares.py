"""A publication that takes several invocations, and what throttles, doubles or kills them."""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from publish_recommendations import publication
from publish_recommendations.publishing import transform_job_changed
from reconcile_runs import cleaning
from reconcile_runs.cleaning import delete_serving_items
from retailrec_shared.core import aws, names
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.status import MOST_FAILURES, RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.stage_work import stage_work
from retailrec_shared.serving import bulk
from retailrec_shared.serving.entries import ORDER
from retailrec_shared.serving.keys import customer_key, customers_key
from retailrec_shared.serving.run_lines import read_lines
from retailrec_shared.serving.table import Serving, serving
from tests.fakes import FakeEventBridge, refusal
from tests.integration.pipeline.test_publishing import CUSTOMERS, put, run  # noqa: F401 - a fixture

JOB = f"retailrec-{'1' * 16}"
CHANGED = "SageMaker Transform Job State Change"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group have ten entries, and nobody wait."""
    monkeypatch.setattr(bulk, "BATCH_WRITE", 10)
    monkeypatch.setattr(bulk, "GROUP_BATCHES", 1)
    monkeypatch.setattr(bulk, "_pause", lambda _retry: None)
    monkeypatch.setattr("retailrec_shared.serving.bulk.time.sleep", lambda _seconds: None)


def hurried(name: str = "1") -> Invocation:
    """An invocation that has time for one group of entries."""
    return Invocation(name, lambda: publication.RESERVE_SECONDS - 1)


def published(book: Ledger) -> Run:
    found = book.get("1" * 16)
    assert found is not None
    return found


def missing() -> list[str]:
    """The customers without an entry."""
    keys = {customer_key("1" * 16, customer): customer for customer in CUSTOMERS}
    found = serving().get(keys)
    return [customer for key, customer in keys.items() if key not in found]


def events(bus: FakeEventBridge) -> int:
    return len(bus.published(CHANGED))


def test_a_publication_continues_where_its_time_was_over(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = _written(monkeypatch)
    handled = 0
    transform_job_changed(JOB, hurried("0"))
    assert missing(), "one share is not all"
    while events(bus) > handled:
        handled += 1
        transform_job_changed(JOB, hurried(str(handled)))
    assert handled > 3
    assert missing() == []
    assert published(book).ended(Stage.PUBLISH)
    assert len(written) == len(set(written)), "nothing is written twice"
    (announced,) = bus.published("RecommendationsPublished")
    assert (announced["customers"], announced["recommendations"]) == (60, 118)
    page = serving().get([customers_key(run.run_id, 0)])
    assert page == {customers_key(run.run_id, 0): CUSTOMERS}


def test_a_release_with_another_order_of_entries_writes_all_of_them_again(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A position of an earlier release would leave out entries."""
    transform_job_changed(JOB, hurried("0"))
    transform_job_changed(JOB, hurried("1"))
    monkeypatch.setattr("publish_recommendations.publication.ORDER", ORDER + 1)
    written = _written(monkeypatch)
    monkeypatch.setattr(publication, "_write_parquet", None)  # which is complete
    transform_job_changed(JOB, Invocation("2", lambda: math.inf))
    assert written[0].startswith(f"{run.run_id}#item#"), "the first entry of all"
    assert missing() == []
    assert published(book).ended(Stage.PUBLISH)


def test_an_advance_ends_the_count_of_failures(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
) -> None:
    """A long publication may meet the same error now and then."""
    book.start_stage(run.run_id, Stage.PUBLISH)
    stage_work().count_failure(run.run_id, Stage.PUBLISH, "AWS refused it.")
    transform_job_changed(JOB, hurried())
    assert not published(book).ended(Stage.PUBLISH)
    assert published(book).stages[Stage.PUBLISH].failures is None


def test_an_output_that_takes_more_than_an_invocation_to_check_is_refused(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication, "CUSTOMERS_BETWEEN_CHECKS", 5)
    transform_job_changed(JOB, hurried())
    assert published(book).status is RunStatus.FAILED
    assert "After 5 customers the function's time was over" in str(published(book).outcome.reason)
    assert missing() == CUSTOMERS


def test_a_run_that_ends_while_its_output_is_checked_is_not_published(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication, "CUSTOMERS_BETWEEN_CHECKS", 5)
    monkeypatch.setattr(publication.Lease, "due", True)
    calls: list[bool] = []

    def stop() -> float:
        calls.append(bool(book.move(run.run_id, RunStatus.FAILED, reason="Stopped.")))
        return math.inf

    transform_job_changed(JOB, Invocation("1", stop))
    assert calls == [True], "the next check ends it"
    assert missing() == CUSTOMERS
    with pytest.raises(ClientError):
        boto3.client("s3").head_object(
            Bucket="data", Key=names.run_key(run.run_id, names.RECOMMENDATIONS_PARQUET)
        )


def test_rows_that_do_not_fit_the_functions_storage_are_refused(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication, "CUSTOMERS_BETWEEN_CHECKS", 5)
    monkeypatch.setattr(publication, "RESERVE_BYTES", math.inf)
    transform_job_changed(JOB)
    now = published(book)
    assert (now.status, now.outcome.failed_stage) == (RunStatus.FAILED, Stage.PUBLISH)
    assert "storage was full" in str(now.outcome.reason)
    assert missing() == CUSTOMERS


def test_the_lease_is_held_while_what_is_written_is_passed_over(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With many customers that takes minutes, and another invocation would begin meanwhile."""
    transform_job_changed(JOB, hurried())
    monkeypatch.setattr(publication, "CUSTOMERS_BETWEEN_CHECKS", 1)
    held: list[int] = []
    written = _written(monkeypatch)
    monkeypatch.setattr(publication.Lease, "hold", lambda _lease: held.append(len(written)))
    transform_job_changed(JOB, Invocation("next", lambda: math.inf))
    assert held[0] == 0


def test_the_event_of_a_publication_that_runs_does_nothing(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = _written(monkeypatch)
    doubled: list[int] = []

    def double() -> float:
        if not doubled:
            doubled.append(len(counted))
            transform_job_changed(JOB, Invocation("another", lambda: math.inf))
            doubled.append(len(counted))
        return math.inf

    transform_job_changed(JOB, Invocation("first", double))
    assert doubled[0] == doubled[1]
    assert len(bus.published("RecommendationsPublished")) == 1
    transform_job_changed(JOB, hurried("late"))
    assert len(bus.published("RecommendationsPublished")) == 1


def test_a_killed_invocation_is_taken_over_by_lambdas_own_retry_at_once(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def die() -> float:
        raise Killed

    with monkeypatch.context() as dead:
        dead.setattr(stage_work(), "release", lambda *_: None)  # nothing runs after a kill
        with pytest.raises(Killed):
            transform_job_changed(JOB, Invocation("same", die))
    transform_job_changed(JOB, Invocation("another", lambda: math.inf))
    assert missing(), "the lease is held"
    transform_job_changed(JOB, Invocation("same", lambda: math.inf))
    assert missing() == []


def test_an_invocation_that_lost_its_lease_stops_and_leaves_the_position_to_the_other(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication.Lease, "due", True)
    written = _written(monkeypatch)
    work = stage_work()

    def lose() -> float:
        if work.hold(run.run_id, Stage.PUBLISH, "slow", "2020-01-01T00:00:00.000Z"):  # it is over by now
            assert work.acquire(run.run_id, Stage.PUBLISH, "other", "2999-01-01T00:00:00.000Z")
        return math.inf

    transform_job_changed(JOB, Invocation("slow", lose))
    record = published(book).stages[Stage.PUBLISH]
    assert (record.lease_by, record.lease_until) == ("other", "2999-01-01T00:00:00.000Z")
    assert record.position is not None
    assert record.position["entries"] == 10, "what was noted before"
    assert len(written) <= 20, "one group more at most"
    assert record.ended_at is None
    assert events(bus) == 0


def test_a_publication_that_is_killed_again_and_again_fails_the_run(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
) -> None:
    for _ in range(publication.MOST_LEASES):
        acquired = publication.acquire(run, Invocation("same", lambda: math.inf))
        assert acquired is not None
    transform_job_changed(JOB, Invocation("same", lambda: math.inf))
    now = published(book)
    assert (now.status, now.outcome.failed_stage) == (RunStatus.FAILED, Stage.PUBLISH)
    assert "more memory" in str(now.outcome.reason)


def test_no_item_is_lost_where_dynamodb_throttles(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In both of its ways: a part of a batch is not processed, or all of it is refused."""
    with monkeypatch.context() as throttled:
        throttled.setattr(Serving, "_dynamodb", _Throttling(aws.dynamodb()))
        transform_job_changed(JOB)
    assert missing() == []
    assert published(book).ended(Stage.PUBLISH)


def test_a_table_that_takes_nothing_is_waited_for_and_fails_no_run(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    throttling = _Throttling(aws.dynamodb())
    throttling.full = True
    monkeypatch.setattr(Serving, "_dynamodb", throttling)
    for number in range(MOST_FAILURES + 1):
        with pytest.raises(NotYet):
            transform_job_changed(JOB, Invocation(str(number), iter([900.0, 20.0, 20.0] * 99).__next__))
    now = published(book)
    assert (now.status, now.stages[Stage.PUBLISH].waiting) == (
        RunStatus.APPROVED,
        "DynamoDB takes no more writes to the serving table at present.",
    )
    assert events(bus) == 0, "an event without an advance would repeat itself for ever"


def test_an_item_that_dynamodb_never_takes_ends_the_run_with_its_reason(
    run: Run,  # noqa: F811
    book: Ledger,
    bus: FakeEventBridge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_request: Any) -> Any:
        said: Any = {
            "Code": "ValidationException",
            "Message": "Item size has exceeded the maximum allowed size",
        }
        raise ClientError({"Error": said}, "BatchWriteItem")

    throttling = _Throttling(aws.dynamodb())
    monkeypatch.setattr(throttling, "batch_write_item", refuse)
    monkeypatch.setattr(Serving, "_dynamodb", throttling)
    for number in range(1, MOST_FAILURES):
        with pytest.raises(ClientError):
            transform_job_changed(JOB)
        assert published(book).stages[Stage.PUBLISH].failures == number
    transform_job_changed(JOB)
    now = published(book)
    assert now.status is RunStatus.FAILED
    assert "6 times in the same way" in str(now.outcome.reason)
    assert "Item size has exceeded the maximum allowed size" in str(now.outcome.reason)
    assert bus.published("RunFailed")


@pytest.mark.usefixtures("book", "bus")
def test_nothing_is_written_of_an_output_that_cannot_be_published(run: Run) -> None:  # noqa: F811
    put(run, "batch-output/customers.jsonl.out", "13000,85123A,0.5\n99999,85123A,0.5\n")
    transform_job_changed(JOB)
    assert missing() == CUSTOMERS


@pytest.mark.usefixtures("bus")
def test_clean_up_continues_after_the_last_key_that_it_deleted(
    run: Run,  # noqa: F811
    book: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transform_job_changed(JOB)
    moment = datetime.now(UTC) + timedelta(hours=1)
    assert book.move(run.run_id, RunStatus.FAILED)
    assert book.record(run.run_id, retired=True)
    deleted: list[str] = []
    write = Serving._write

    def recording(self: Serving, writes: Any, left: Callable[[], float]) -> Iterator[int]:
        listed = list(writes)
        deleted.extend(each.request["DeleteRequest"]["Key"]["pk"]["S"] for each in listed[:10])
        return write(self, listed, left)

    monkeypatch.setattr(Serving, "_write", recording)
    passes = 0
    while not (now := published(book)).cleanup.serving_items_deleted:
        passes += 1
        assert passes < 50
        delete_serving_items([now], moment, hurried())
    assert passes > 5
    assert len(deleted) == len(set(deleted)), "no pass begins at the first key again"
    assert missing() == CUSTOMERS


@pytest.mark.usefixtures("bus")
def test_clean_up_begins_again_in_another_releases_order_and_no_run_holds_another_up(
    run: Run,  # noqa: F811
    book: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transform_job_changed(JOB)
    moment = datetime.now(UTC) + timedelta(hours=1)
    assert book.move(run.run_id, RunStatus.FAILED)
    assert book.record(run.run_id, retired=True)
    delete_serving_items([published(book)], moment, hurried())
    monkeypatch.setattr("reconcile_runs.cleaning.ORDER", ORDER + 1)
    again = published(book)
    without_files = again.model_copy(update={"run_id": "2" * 16})
    real = read_lines

    def read(run_id: str, relative: str) -> Iterator[str]:
        if run_id == without_files.run_id:
            raise refusal("NoSuchKey", "The specified key does not exist.")
        return real(run_id, relative)

    monkeypatch.setattr("reconcile_runs.cleaning.read_lines", read)
    with pytest.raises(ExceptionGroup, match="could not be deleted"):
        delete_serving_items([without_files, again], moment, hurried())
    assert again.cleanup.serving_items_passed
    assert published(book).cleanup.serving_items_passed == again.cleanup.serving_items_passed, (
        "from the start"
    )
    assert published(book).cleanup.serving_items_order == ORDER + 1


@pytest.mark.usefixtures("bus")
def test_clean_up_ends_before_the_reconcilers_next_pass(
    run: Run,  # noqa: F811
    book: Ledger,
) -> None:
    transform_job_changed(JOB)
    assert book.move(run.run_id, RunStatus.FAILED)
    assert book.record(run.run_id, retired=True)
    times = iter([900.0, 900.0 - cleaning.PASS_SECONDS - 1])
    delete_serving_items(
        [published(book)], datetime.now(UTC) + timedelta(hours=1), Invocation("1", times.__next__)
    )
    assert published(book).cleanup.serving_items_passed == bulk.BATCH_WRITE


class _Throttling:
    """DynamoDB that takes three entries of a batch, and refuses every third batch."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._calls = 0
        self.full = False

    def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
        self._calls += 1
        if self.full or self._calls % 3 == 0:
            raise ClientError(
                {"Error": {"Code": "ThrottlingException", "Message": "Slow down"}}, "BatchWriteItem"
            )
        ((table, requests),) = RequestItems.items()
        self._real.batch_write_item(RequestItems={table: requests[:3]})
        return {"UnprocessedItems": {table: requests[3:]} if requests[3:] else {}}


def _written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List each key that is written."""
    found: list[str] = []
    real = bulk.BulkWriter._write_batch

    def recording(self: bulk.BulkWriter, batch: list[bulk.Write]) -> int:
        found.extend(each.request["PutRequest"]["Item"]["pk"]["S"] for each in batch)
        return real(self, batch)

    monkeypatch.setattr(bulk.BulkWriter, "_write_batch", recording)
    return found


def test_an_object_is_read_in_parts_and_refused_if_it_is_replaced_meanwhile(
    run: Run,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from retailrec_shared.serving import run_lines

    monkeypatch.setattr(run_lines, "PART_BYTES", 100)
    relative = "batch-output/customers.jsonl.out"
    whole = "".join(run_lines.read_lines(run.run_id, relative))
    stored = boto3.client("s3").get_object(Bucket="data", Key=names.run_key(run.run_id, relative))
    assert whole == stored["Body"].read().decode()
    put(run, "empty", "")
    assert list(run_lines.read_lines(run.run_id, "empty")) == []
    histories = list(run_lines.read_lines(run.run_id, names.HISTORY_JSONL))
    assert [json.loads(line)["customer_id"] for line in histories] == CUSTOMERS
    monkeypatch.setattr(run_lines, "io", _SmallBuffers)
    lines = run_lines.read_lines(run.run_id, relative)
    next(lines)
    put(run, relative, whole + "more\n")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        list(lines)


class _SmallBuffers:
    """io, whose buffers hold little."""

    import io as _io

    RawIOBase, TextIOWrapper = _io.RawIOBase, _io.TextIOWrapper

    @staticmethod
    def BufferedReader(raw: Any, _size: int) -> Any:  # noqa: N802
        import io

        return io.BufferedReader(raw, 100)
