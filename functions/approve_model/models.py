"""Making a run's model in SageMaker, once."""

from botocore.exceptions import ClientError

from retailrec_shared import aws, names, sagemaker_requests
from retailrec_shared.errors import NotYet, Rejected
from retailrec_shared.observability import logger
from retailrec_shared.settings import settings


def create_model(run_id: str, artifact: str) -> None:
    """Create the model of a trained artifact.

    A Marketplace algorithm's takes a model package first, which SageMaker makes in
    its own time: raises NotYet until it is there, Rejected when it failed.
    """
    if settings().algorithm_arn:
        _await_package(run_id, artifact)
    try:
        aws.sagemaker().create_model(**sagemaker_requests.model(settings(), run_id, artifact))
    except ClientError as error:
        if not aws.says_exists(error):
            raise
        logger.info("model exists already", run_id=run_id)


def _await_package(run_id: str, artifact: str) -> None:
    name = names.resource_name(settings().resource_prefix, run_id)
    try:
        package = aws.sagemaker().describe_model_package(ModelPackageName=name)
    except ClientError as error:
        if not aws.says_missing(error):
            raise
        aws.sagemaker().create_model_package(**sagemaker_requests.model_package(settings(), run_id, artifact))
        raise NotYet("The model package is being made.") from error
    status = package["ModelPackageStatus"]
    if status == "Failed":
        details = package["ModelPackageStatusDetails"]["ValidationStatuses"]
        reasons = "; ".join(entry.get("FailureReason", "") for entry in details).strip("; ")
        raise Rejected(f"SageMaker could not make the model package. {reasons}".strip())
    if status != "Completed":
        raise NotYet(f"The model package is {status}.")
