"""Checks of the algorithm: does it exist, and does it fit the parameters?"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from retailrec.doctor.findings import Finding, failed, note, ok
from retailrec.image.manifest import manifest_problem
from retailrec_shared.core.marketplace_limits import not_available
from retailrec_shared.core.settings import Settings
from retailrec_shared.sagemaker import algorithm_check

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com[a-z.]*/(?P<name>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:.+))?"
)
WHAT = "algorithm"


def check_marketplace(sagemaker: Any, settings: Settings, region: str) -> Iterator[Finding]:
    """Check a Marketplace algorithm against the parameters of a stack."""
    problems = algorithm_check.problems(sagemaker, settings, region)
    for problem in problems:
        yield failed(WHAT, problem)
    if problems:
        return
    yield ok(WHAT, f"{settings.algorithm_arn} fits these parameters.")
    if settings.endpoint_mode == "serverless":
        yield note(
            "endpoint",
            f"EndpointMode serverless becomes {settings.endpoint_instance_count} of "
            f"{settings.endpoint_instance_type}, paid by the hour: SageMaker has no serverless endpoints "
            "for Marketplace models. EndpointMode none has no endpoint at all.",
        )
    for sentence in not_available(settings.algorithm_arn):
        yield note("not available", sentence)


def check_image(ecr: Any, uri: str) -> Iterator[Finding]:
    """Check that an image is in the registry of its URI, in a form that SageMaker takes."""
    found = _ECR.fullmatch(uri)
    if found is None:
        yield note(WHAT, f"{uri} is not in Amazon ECR: whether SageMaker can pull it is not checked.")
        return
    which = found["digest"] or found["tag"] or "latest"
    try:
        problem = manifest_problem(ecr, found["name"], which, registry=found["account"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        problem = f"There is no image {uri}: push it (retailrec push-image), and deploy with the printed URI."
    yield failed(WHAT, problem) if problem else ok(WHAT, f"The image {uri} exists, and SageMaker takes it.")
