"""What a fault holds goes on in time, or when the faults are cleared; and times have the API's precision."""

import asyncio

from local.sagemaker.account.faults import FaultBoard
from local.sagemaker.account.records import now

LONG = 3600.0


def slow(board: FaultBoard, seconds: float) -> None:
    board.post({"fault": "slow", "kind": "endpoint", "seconds": seconds})


def test_what_is_held_goes_on_when_the_faults_are_cleared() -> None:
    async def main() -> None:
        board = FaultBoard({})
        slow(board, LONG)
        held = asyncio.ensure_future(board.hold("endpoint"))
        await asyncio.sleep(0)
        assert board.listed() == [], "it strikes once"
        assert not held.done()
        board.clear()
        await held
        slow(board, LONG)
        again = asyncio.ensure_future(board.hold("endpoint"))
        await asyncio.sleep(0)
        assert not again.done(), "a board that was cleared holds again"
        again.cancel()

    asyncio.run(main())


def test_what_is_held_goes_on_when_its_time_is_over_and_others_at_once() -> None:
    async def main() -> None:
        board = FaultBoard({})
        slow(board, 0.01)
        await board.hold("training-job")
        assert len(board.listed()) == 1
        await board.hold("endpoint")
        assert board.listed() == []

    asyncio.run(main())


def test_times_are_kept_with_the_precision_of_the_api() -> None:
    assert {now().microsecond % 1000 for _ in range(20)} == {0}
