"""What the check comes to."""

import os
from collections.abc import Mapping
from typing import Any

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.sagemaker import algorithm_check


def check(event: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the algorithm; nothing while the stack is on its way back to what it was."""
    if rolls_back(event["StackId"]):
        return []
    return algorithm_check.problems(aws.sagemaker_with_deadline(), settings(), os.environ["AWS_REGION"])


def rolls_back(stack_id: str) -> bool:
    """Tell whether a change of the stack is being undone."""
    found = aws.cloudformation_with_deadline().describe_stacks(StackName=stack_id)["Stacks"][0]
    return "ROLLBACK" in found["StackStatus"]
