"""What a run of a Marketplace algorithm lacks, in sentences for its ledger entry.

Our own image does more than the contract of Marketplace algorithms requires.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from retailrec_shared.core.settings import Settings

NOT_OF_MARKETPLACE = (
    "Algorithm: the parameter does not apply to a Marketplace algorithm.",
    "Refit: the model that serves has learned from the training rows alone.",
    "Metrics other than p@k(10): there is no comparison with popularity and no coverage, so the quality gate "
    "has QualityFloor and, on the same test rows, the live run's p@k(10).",
    "ExcludePurchased: whether batch recommendations leave out what was bought is up to the "
    "algorithm; the API's exclude_purchased works all the same.",
    "Similar items and baskets by the model: they come from what was bought together.",
    "TrainingSpot: there are no checkpoints to continue from.",
    "Serverless endpoints and canaries: SageMaker has neither for Marketplace models, so the endpoint is on "
    "instances, and traffic moves at once.",
)


def is_of_marketplace(algorithm: str) -> bool:
    """Return whether this is a Marketplace algorithm's ARN and not the URI of an image."""
    return algorithm.startswith("arn:")


def not_available(algorithm: str) -> list[str]:
    """List the sentences about what an algorithm lacks."""
    return list(NOT_OF_MARKETPLACE) if is_of_marketplace(algorithm) else []


def endpoint_kind(settings: "Settings", algorithm: str) -> Literal["serverless", "instance"]:
    """Return the kind of endpoint that a run of an algorithm gets, in any mode but "none".

    Serverless Inference excludes Marketplace model packages:
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    serverless = settings.endpoint_mode == "serverless" and not is_of_marketplace(algorithm)
    return "serverless" if serverless else "instance"
