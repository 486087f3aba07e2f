"""botocore's own description of SageMaker: what a request may hold, what a response does."""

from functools import cache

from botocore.model import OperationModel, ServiceModel
from botocore.session import get_session


@cache
def service(name: str = "sagemaker") -> ServiceModel:
    """Load a service model; about 0.2 s the first time."""
    return get_session().get_service_model(name)


@cache
def operation(name: str, of: str = "sagemaker") -> OperationModel:
    """Describe one operation of a service."""
    return service(of).operation_model(name)
