"""The local SageMaker refuses serverless endpoints with what Serverless Inference excludes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.chaos.services.sagemaker import SageMaker

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/algorithm:1"
VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://data/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
PRIVATE = {"RepositoryAccessMode": "Vpc"}
SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def account() -> SageMaker:
    return SageMaker(lambda _change: None, lambda _bucket, _key: True, lambda _operation, work: work.close())


def create_model(
    sagemaker: SageMaker, name: str, container: dict[str, Any] | None = None, **more: Any
) -> None:
    primary = {"Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz"} | (container or {})
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer=primary,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
        **more,
    )


def variant(kind: dict[str, Any], model: str = "model", name: str = "v") -> dict[str, Any]:
    return {"VariantName": name, "ModelName": model, **kind}


@pytest.mark.parametrize(
    ("model", "container", "config", "excluded"),
    [
        ({"EnableNetworkIsolation": True}, {}, {}, "network isolation"),
        ({"VpcConfig": VPC}, {}, {}, "VPC configuration"),
        ({}, {"Mode": "MultiModel"}, {}, "multi-model endpoints"),
        ({}, {"ImageConfig": PRIVATE}, {}, "private Docker registries"),
        ({}, {}, {"DataCaptureConfig": CAPTURE}, "data capture"),
        ({}, {}, {"VpcConfig": VPC}, "VPC configuration"),
        ({}, {}, {"EnableNetworkIsolation": True}, "network isolation"),
    ],
)
def test_a_feature_that_serverless_inference_excludes_is_refused(
    model: dict[str, Any], container: dict[str, Any], config: dict[str, Any], excluded: str
) -> None:
    sagemaker = account()
    create_model(sagemaker, "model", container, **model)
    with pytest.raises(ClientError, match=f"Serverless Inference does not support {excluded}"):
        sagemaker.create_endpoint_config(
            EndpointConfigName="refused", ProductionVariants=[variant(SERVERLESS)], **config
        )
    sagemaker.create_endpoint_config(
        EndpointConfigName="taken", ProductionVariants=[variant(INSTANCES)], **config
    )


def test_two_serverless_variants_are_refused() -> None:
    sagemaker = account()
    create_model(sagemaker, "model")
    variants = [variant(SERVERLESS), variant(SERVERLESS, name="w")]
    with pytest.raises(ClientError, match="multiple production variants"):
        sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=variants)


def test_memory_is_in_steps_of_a_gigabyte() -> None:
    sagemaker = account()
    create_model(sagemaker, "model")
    odd = {"ServerlessConfig": {"MemorySizeInMB": 2000, "MaxConcurrency": 5}}
    with pytest.raises(ClientError, match="a memory of 2000 MB"):
        sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant(odd)])


def test_a_model_that_was_replaced_by_an_isolated_one_is_refused_by_the_endpoint() -> None:
    sagemaker = account()
    create_model(sagemaker, "model")
    sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant(SERVERLESS)])
    sagemaker.delete_model(ModelName="model")
    create_model(sagemaker, "model", EnableNetworkIsolation=True)
    with pytest.raises(ClientError, match="does not support network isolation"):
        sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
