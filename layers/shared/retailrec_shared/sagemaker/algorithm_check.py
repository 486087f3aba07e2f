"""Asking SageMaker about the stack's Marketplace algorithm, before it is needed."""

from typing import TYPE_CHECKING

from retailrec_shared.core import aws
from retailrec_shared.core.settings import Settings
from retailrec_shared.sagemaker import preflight

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


def problems(sagemaker: "SageMakerClient", settings: Settings, region: str) -> list[str]:
    """List what is wrong between the stack and its algorithm; each a sentence with the fix.

    DescribeAlgorithm also answers some accounts without a subscription; those are told by
    their first training job, which fails its run with the same advice.
    """
    arn = settings.algorithm_arn
    if found := list(preflight.of_arn(arn, region)):
        return found
    try:
        algorithm = sagemaker.describe_algorithm(AlgorithmName=arn)
    except aws.client_error() as error:
        return [preflight.of_refusal(arn, aws.error_code(error), aws.error_message(error))]
    return preflight.misfits(algorithm, settings)
