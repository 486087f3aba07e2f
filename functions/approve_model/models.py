"""Creates a run's models in SageMaker, once."""

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet, Rejected
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import requests as sagemaker_requests


def create_models(run: Run, artifact: str) -> None:
    """Create the models of a trained artifact: the batch's, and a serverless endpoint's.

    A Marketplace algorithm's model needs a model package, which SageMaker creates
    asynchronously: raises NotYet until it is Completed, Rejected when it failed.
    """
    if run.of_marketplace:
        _await_package(run, artifact)
    for request in sagemaker_requests.models(settings(), run, artifact):
        with aws.creating("model"):
            aws.sagemaker().create_model(**request)


def _await_package(run: Run, artifact: str) -> None:
    name = sagemaker_requests.job_name(settings(), run, Stage.APPROVE)
    try:
        package = aws.sagemaker().describe_model_package(ModelPackageName=name)
    except ClientError as error:
        if not aws.says_missing(error):
            raise
        with aws.creating("model package"):
            aws.sagemaker().create_model_package(
                **sagemaker_requests.model_package(settings(), run, artifact)
            )
        raise NotYet("The model package is being created.") from error
    status = package["ModelPackageStatus"]
    if status == "Failed":
        details = package["ModelPackageStatusDetails"]
        entries = [*details["ValidationStatuses"], *details.get("ImageScanStatuses", [])]
        reasons = "; ".join(reason for entry in entries if (reason := entry.get("FailureReason")))
        raise Rejected(f"SageMaker could not create the model package. {reasons}".strip())
    if status != "Completed":
        raise NotYet(f"The model package is {status}.")
