"""CloudFormation custom resource → is the Marketplace algorithm fit for this stack? → the answer.

Nothing but the standard library is imported before the answer is safe: whatever breaks, CloudFormation
hears of it at once, instead of waiting for an hour. A deletion and a roll-back are never refused.
"""

from typing import Any

from check_algorithm.answering import answer


def handler(event: dict[str, Any], _context: object) -> None:
    """Check the algorithm when the stack is made or changed, and answer in any case."""
    problems: list[str] = []
    if event.get("RequestType") != "Delete":
        try:
            from check_algorithm.checking import check

            problems = check(event)
        except Exception as error:  # noqa: BLE001 - a stack must not wait for an answer that never comes
            problems = [
                f"The algorithm could not be checked ({type(error).__name__}: {error}): deploy again."
            ]
    answer(event, problems)
