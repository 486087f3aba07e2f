"""Runs the check of the Marketplace algorithm, except during a roll-back."""

import os
from collections.abc import Mapping
from typing import Any

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.sagemaker import algorithm_check


def check(event: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the algorithm; nothing while the stack is being rolled back."""
    if rolls_back(event["StackId"]):
        return []
    return algorithm_check.problems(aws.sagemaker_with_deadline(), settings(), os.environ["AWS_REGION"])


def rolls_back(stack_id: str) -> bool:
    """Return whether CloudFormation is rolling back a change of the stack."""
    found = aws.cloudformation_with_deadline().describe_stacks(StackName=stack_id)["Stacks"][0]
    return "ROLLBACK" in found["StackStatus"]
