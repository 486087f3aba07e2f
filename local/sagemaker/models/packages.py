"""Model packages of trained algorithms: create, describe, list, delete; and the life of one."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing, state_changes
from local.sagemaker.account.final_status import final_status
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, ModelPackage, now
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import JobFailed, ServiceError, validation
from local.sagemaker.models import algorithms
from local.sagemaker.s3 import S3Failure, S3Uri

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

# Other sources of a package than an algorithm and its artifact, which are not supported here.
UNSUPPORTED = ("ModelPackageGroupName", "InferenceSpecification", "ValidationSpecification", "SourceUri")


async def create(cloud: "Cloud", request: Document) -> Document:
    """Start to create a package; it becomes Completed or Failed later."""
    for member in UNSUPPORTED:
        if request.get(member):
            raise validation(f"{member} is not supported by the local SageMaker.")
    if "ModelPackageName" not in request or not request.get("SourceAlgorithmSpecification"):
        raise validation("ModelPackageName and SourceAlgorithmSpecification are required.")
    registry, name = cloud.store.model_packages, request["ModelPackageName"]
    source = _source(request)
    algorithm = algorithms.find(cloud, source["AlgorithmName"])
    if "ModelDataUrl" not in source:
        raise validation("ModelDataUrl is required: the artifact of a training job with the algorithm.")
    S3Uri.parse(source["ModelDataUrl"])
    specification = algorithm["InferenceSpecification"]
    containers = [each | {"ModelDataUrl": source["ModelDataUrl"]} for each in specification["Containers"]]
    package = ModelPackage(
        name=name,
        arn=registry.arn(name),
        request=request,
        tags=tags_of(request),
        specification=specification | {"Containers": containers},
    )
    registry.add(package)
    enter(cloud, package, "Pending")
    cloud.start(run(cloud, package))
    return {"ModelPackageArn": package.arn}


def _source(request: Document) -> Document:
    source: Document
    (source,) = request["SourceAlgorithmSpecification"]["SourceAlgorithms"]
    return source


def enter(cloud: "Cloud", package: ModelPackage, status: str) -> None:
    """Move a package to a status, save it, and emit its event."""
    package.status = status
    package.modified = now()
    cloud.changed()
    cloud.events.emit(state_changes.model_package(package))


async def run(cloud: "Cloud", package: ModelPackage) -> None:
    """Create the package; it always ends in a final status."""
    enter(cloud, package, await final_status(package, lambda: _make(cloud, package)))


async def _make(cloud: "Cloud", package: ModelPackage) -> str:
    await cloud.faults.hold("model-package")
    fault = cloud.faults.failure("model-package")
    enter(cloud, package, "InProgress")
    if fault:
        raise JobFailed(fault.reason)
    await _check_artifact(cloud, package)
    return "Completed"


async def _check_artifact(cloud: "Cloud", package: ModelPackage) -> None:
    url = package.container["ModelDataUrl"]
    try:
        there = await cloud.s3.exists(S3Uri.parse(url))
    except S3Failure as problem:
        raise JobFailed(f"ClientError: Could not access model data at {url}: {problem}") from problem
    if not there:
        raise JobFailed(f"ClientError: Could not find model data at {url}.")


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe a package."""
    package = find(cloud, request["ModelPackageName"])
    return package.request | {
        "ModelPackageName": package.name,
        "ModelPackageArn": package.arn,
        "CreationTime": package.created,
        "LastModifiedTime": package.modified,
        "InferenceSpecification": package.specification,
        "ModelPackageStatus": package.status,
        "ModelPackageStatusDetails": package.details,
        "CertifyForMarketplace": package.request.get("CertifyForMarketplace", False),
    }


def find(cloud: "Cloud", name: str) -> ModelPackage:
    """Return a package by its name or ARN."""
    return cloud.store.model_packages.find(name.rpartition("/")[2] if name.startswith("arn:") else name)


async def list_packages(cloud: "Cloud", request: Document) -> Document:
    """List packages; all of them are unversioned."""
    wanted = request.get("ModelPackageType", "Unversioned") != "Versioned"
    packages = list(cloud.store.model_packages) if wanted else []
    return listing.page(packages, request, "ModelPackageSummaryList", _summary)


def _summary(package: ModelPackage) -> Document:
    return {
        "ModelPackageName": package.name,
        "ModelPackageArn": package.arn,
        "CreationTime": package.created,
        "ModelPackageStatus": package.status,
    }


async def delete(cloud: "Cloud", request: Document) -> Document:
    """Delete a package that is not being created; its models stay."""
    package = find(cloud, request["ModelPackageName"])
    if package.in_progress:
        raise ServiceError(
            "ConflictException", f"ModelPackage {package.arn} is in status {package.status}.", 409
        )
    cloud.store.model_packages.remove(package.name)
    return {}


NAMED = (("model-package", "ModelPackageName"),)
OPERATIONS = (
    Operation("CreateModelPackage", create, NAMED),
    Operation("DescribeModelPackage", describe, NAMED),
    Operation("ListModelPackages", list_packages),
    Operation("DeleteModelPackage", delete, NAMED),
)
