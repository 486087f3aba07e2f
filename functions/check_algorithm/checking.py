"""What the check comes to."""

import os
from collections.abc import Mapping
from typing import Any

from retailrec_shared import algorithm_check, aws
from retailrec_shared.settings import settings


def check(event: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the algorithm; nothing while the stack is on its way back to what it was."""
    if rolls_back(event["StackId"]):
        return []
    return algorithm_check.problems(aws.sagemaker_soon(), settings(), os.environ["AWS_REGION"])


def rolls_back(stack_id: str) -> bool:
    """Tell whether a change of the stack is being undone."""
    found = aws.cloudformation_soon().describe_stacks(StackName=stack_id)["Stacks"][0]
    return "ROLLBACK" in found["StackStatus"]
