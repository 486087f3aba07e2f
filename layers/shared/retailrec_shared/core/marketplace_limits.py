"""What a run of a Marketplace algorithm must do without, in sentences for its record.

Our own image does more than the contract asks for. Where the contract ends, so does the run, and says it.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from retailrec_shared.core.settings import Settings

NOT_OF_MARKETPLACE = (
    "Algorithm: a Marketplace algorithm is what it is.",
    "Refit: the model that serves has learned from the training rows alone.",
    "Metrics beside p@k(10): there is no comparison with popularity and no coverage, so the quality gate "
    "has QualityFloor and, on the same test rows, the live run's p@k(10).",
    "ExcludePurchased: whether batch recommendations leave out what was bought is the algorithm's own "
    "choice; the API's exclude_purchased works all the same.",
    "Similar items and baskets by the model: they are answered by what was bought together.",
    "TrainingSpot: there are no checkpoints to go on from.",
    "Serverless endpoints and canaries: SageMaker has neither for Marketplace models, so the endpoint is on "
    "instances, and traffic moves at once.",
)


def is_of_marketplace(algorithm: str) -> bool:
    """Tell a Marketplace algorithm's ARN from the URI of an image."""
    return algorithm.startswith("arn:")


def not_available(algorithm: str) -> list[str]:
    """List what a run of an algorithm does without."""
    return list(NOT_OF_MARKETPLACE) if is_of_marketplace(algorithm) else []


def endpoint_kind(settings: "Settings", algorithm: str) -> Literal["serverless", "instance"]:
    """Tell what kind of endpoint a run of an algorithm gets, in any mode but "none".

    Serverless Inference excludes Marketplace model packages:
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    serverless = settings.endpoint_mode == "serverless" and not is_of_marketplace(algorithm)
    return "serverless" if serverless else "instance"
