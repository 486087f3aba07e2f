"""CloudFormation custom resource → does the Marketplace algorithm fit this stack? → the response.

Only the standard library is imported outside of the ``try``: whatever fails, CloudFormation gets a response
at once, instead of waiting for an hour. A deletion and a roll-back are never refused.
"""

from typing import Any

from check_algorithm.response import answer


def handler(event: dict[str, Any], _context: object) -> None:
    """Check the algorithm when the stack is created or updated, and respond in any case."""
    problems: list[str] = []
    if event.get("RequestType") != "Delete":
        try:
            from check_algorithm.checking import check

            problems = check(event)
        except Exception as error:  # noqa: BLE001 - a stack must not wait for a response that never comes
            problems = [
                f"The algorithm could not be checked ({type(error).__name__}: {error}): deploy again."
            ]
    answer(event, problems)
