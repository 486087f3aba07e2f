"""The published tutorial's own calls, as a notebook makes them: by AWS's clients, against the local cloud.

``program.py FOLDER ALGORITHM ROLE BUCKET`` runs in ``.venv-sdk``, started by test_tutorial.py in the
environment that `retailrec keys` prints. It writes to FOLDER/PART.json what each part got, and to
FOLDER/outside.json whom it tried to reach outside this machine.

The notebook is "Implementing a Recommender System for Implicit Feedback Datasets with Bayesian Personalized
Ranking" of Amazon's SageMaker examples: calls and arguments are as there, and all else is not.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import botocore.waiter
import pandas  # type: ignore[import-untyped]
import sagemaker  # type: ignore[import-not-found]
import sagemaker.session  # type: ignore[import-not-found]
from sagemaker import AlgorithmEstimator
from sagemaker.analytics import TrainingJobAnalytics  # type: ignore[import-not-found]
from sagemaker.deserializers import JSONDeserializer  # type: ignore[import-not-found]
from sagemaker.estimator import Estimator  # type: ignore[import-not-found]
from sagemaker.inputs import TrainingInput  # type: ignore[import-not-found]
from sagemaker.serializers import JSONSerializer  # type: ignore[import-not-found]

INSTANCE = "ml.c5.2xlarge"
ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
SPEED = 30  # these clients look every ten seconds to two minutes
COLUMNS = ["user_id", "item_id", "score"]
HYPERPARAMETERS = {"factors": "16", "iterations": "20", "learning_rate": "0.05", "regularization": "0.01"}
REQUEST = {"user_id": "13085", "top_n": "10"}
UNKNOWN = {"user_id": "nobody", "top_n": "10"}
outside: set[str] = set()
Answers = dict[str, Any]


def forbid_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse, and note, every connection to another machine."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in ON_THIS_MACHINE:
        outside.add(str(host))
        raise OSError(f"{host} is outside this machine")


def hurry() -> None:
    """Let the clients' clock run faster: how often they look is no part of the tutorial."""
    began = time.time()
    fast = SimpleNamespace(**{name: getattr(time, name) for name in dir(time) if not name.startswith("_")})
    fast.sleep = lambda seconds: time.sleep(seconds / SPEED)
    fast.time = lambda: began + (time.time() - began) * SPEED
    for module in (botocore.waiter, sagemaker.session):
        setattr(module, "time", fast)  # noqa: B010 - of modules, which declare no such member


class Part(NamedTuple):
    """What a part of the program works with."""

    boto: Any
    folder: Path
    algorithm: str
    role: str
    bucket: str

    def session(self) -> Any:
        """Open a session of the SDK that sends no telemetry."""
        opted_out = {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}
        configuration = {"SchemaVersion": "1.0", "SageMaker": opted_out}
        # Without a name, the SDK asks STS for one at its public address, whatever the environment says.
        return sagemaker.Session(self.boto, default_bucket=self.bucket, sagemaker_config=configuration)

    def batch(self, key: str) -> list[dict[str, Any]]:
        """Read a transform job's output as the tutorial does."""
        body = self.boto.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read().decode("utf-8")
        table = pandas.read_csv(io.StringIO(body), header=None, names=COLUMNS)
        return list(table.to_dict("records"))


def published(part: Part) -> Answers:
    """The notebook's steps 4 to 7, by the SageMaker Python SDK."""
    folder, bucket, own = part.folder, part.bucket, part.session()
    prefix = "sagemaker/implicit-bpr"
    inputs = {
        name: own.upload_data(str(folder / name), own.default_bucket(), key_prefix=f"{prefix}/{name}/data")
        for name in ("training", "testing")
    }
    name = time.strftime("implicit-bpr-online-retail-training-%Y-%m-%d-%H-%M-%S", time.gmtime())
    estimator = AlgorithmEstimator(
        algorithm_arn=part.algorithm,
        role=part.role,
        instance_count=1,
        instance_type=INSTANCE,
        sagemaker_session=own,
        input_mode="File",
        output_path=f"s3://{bucket}/{prefix}/training/jobs/",
        base_job_name="implicit-bpr-online-retail-training",
    )
    estimator.fit(inputs, logs="Training", job_name=name)
    measured = TrainingJobAnalytics(training_job_name=name, metric_names=["p@k(10)"], sagemaker_session=own)
    curve = measured.dataframe()

    requests = folder / "recommendation.requests"
    requests.write_text(json.dumps(REQUEST) + "\n")
    output = f"{prefix}/batch-inference/jobs/{name}"
    uploaded = own.upload_data(str(requests), bucket, key_prefix=output)
    transformer = estimator.transformer(
        instance_count=1,
        instance_type=INSTANCE,
        strategy="SingleRecord",
        output_path=f"s3://{bucket}/{output}",
        assemble_with="Line",
        accept="text/csv",
    )
    transformer.transform(
        data=uploaded,
        job_name=f"{name}-batch"[:63],
        content_type="application/json",
        compression_type="None",
        split_type="Line",
        logs=False,
    )
    transformer.wait()

    predictor = estimator.deploy(1, INSTANCE, serializer=JSONSerializer())
    runtime = part.boto.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(
        EndpointName=predictor.endpoint_name, Body=json.dumps(REQUEST), ContentType="application/json"
    )
    known = eval(answer["Body"].read().decode("utf-8"))  # noqa: S307 - the tutorial's own way
    table = pandas.read_json(io.StringIO(json.dumps(known)))
    predictor.delete_model()
    predictor.delete_endpoint()
    return {
        "metric": curve["value"].tolist(),
        "batch": part.batch(f"{output}/recommendation.requests.out"),
        "known": table.to_dict("records"),
    }


def by_boto3(part: Part) -> Answers:
    """The same steps by boto3 alone."""
    _boto, folder, algorithm, role, bucket = part
    s3, client = part.boto.client("s3"), part.boto.client("sagemaker")
    name = time.strftime("implicit-bpr-boto3-%Y-%m-%d-%H-%M-%S", time.gmtime())
    for channel in ("training", "testing"):
        for path in (folder / channel).iterdir():
            s3.upload_file(str(path), bucket, f"{name}/{channel}/{path.name}")
    client.create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"AlgorithmName": algorithm, "TrainingInputMode": "File"},
        RoleArn=role,
        InputDataConfig=[
            {
                "ChannelName": channel,
                "ContentType": "text/csv",
                "CompressionType": "None",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"s3://{bucket}/{name}/{channel}/",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
            for channel in ("training", "testing")
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/{name}/output"},
        ResourceConfig={"InstanceType": INSTANCE, "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        HyperParameters=HYPERPARAMETERS,
        EnableNetworkIsolation=True,
        Tags=[{"Key": "shop", "Value": "online-retail"}],
    )
    client.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name)
    job = client.describe_training_job(TrainingJobName=name)
    tags = client.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]

    source = {"AlgorithmName": algorithm, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]}
    package = client.create_model_package(
        ModelPackageName=name, SourceAlgorithmSpecification={"SourceAlgorithms": [source]}
    )["ModelPackageArn"]
    while client.describe_model_package(ModelPackageName=package)["ModelPackageStatus"] != "Completed":
        time.sleep(0.1)
    client.create_model(
        ModelName=name,
        PrimaryContainer={"ModelPackageName": package},
        ExecutionRoleArn=role,
        EnableNetworkIsolation=True,
    )

    lines = "".join(json.dumps(request) + "\n" for request in (REQUEST, UNKNOWN))
    s3.put_object(Bucket=bucket, Key=f"{name}/batch/customers.jsonl", Body=lines.encode())
    client.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        BatchStrategy="SingleRecord",
        TransformInput={
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{name}/batch/"}
            },
            "ContentType": "application/json",
            "CompressionType": "None",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://{bucket}/{name}/recommended",
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": INSTANCE, "InstanceCount": 1},
    )
    client.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName=name)
    transformed = client.describe_transform_job(TransformJobName=name)

    client.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": name,
                "InitialInstanceCount": 1,
                "InstanceType": INSTANCE,
                "InitialVariantWeight": 1.0,
            }
        ],
    )
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)
    client.get_waiter("endpoint_in_service").wait(EndpointName=name)
    runtime = part.boto.client("sagemaker-runtime")

    def ask(request: dict[str, str]) -> Any:
        answer = runtime.invoke_endpoint(
            EndpointName=name, ContentType="application/json", Accept="application/json",
            Body=json.dumps(request),
        )  # fmt: skip
        return json.loads(answer["Body"].read())

    answers = {"known": ask(REQUEST), "unknown": ask(UNKNOWN)}
    client.delete_endpoint(EndpointName=name)
    client.get_waiter("endpoint_deleted").wait(EndpointName=name)
    client.delete_endpoint_config(EndpointConfigName=name)
    client.delete_model(ModelName=name)
    client.delete_model_package(ModelPackageName=name)
    return answers | {
        "job": {key: job[key] for key in ("TrainingJobStatus", "SecondaryStatus", "HyperParameters")},
        "metric": [each["Value"] for each in job["FinalMetricDataList"] if each["MetricName"] == "p@k(10)"],
        "tags": tags,
        "transform": transformed["TransformJobStatus"],
        "batch": part.batch(f"{name}/recommended/customers.jsonl.out"),
    }


def own_image(part: Part) -> Answers:
    """The same steps with an image in ECR instead of a Marketplace algorithm, by the SDK."""
    folder, bucket, own = part.folder, part.bucket, part.session()
    inputs = {
        name: TrainingInput(
            own.upload_data(str(folder / name), bucket, key_prefix=f"own/{name}"), content_type="text/csv"
        )
        for name in ("training", "testing")
    }
    estimator = Estimator(
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/retailrec-algorithm:1",
        role=part.role,
        instance_count=1,
        instance_type=INSTANCE,
        output_path=f"s3://{bucket}/own/output",
        hyperparameters=HYPERPARAMETERS,
        sagemaker_session=own,
        metric_definitions=[{"Name": "p@k(10)", "Regex": r"p@k\(10\)=([0-9.]+)"}],
        base_job_name="own-image",
        tags=[{"Key": "shop", "Value": "online-retail"}],
    )
    estimator.fit(inputs, logs="All")
    predictor = estimator.deploy(
        initial_instance_count=1,
        instance_type=INSTANCE,
        serializer=JSONSerializer(),
        deserializer=JSONDeserializer(),
    )
    answers = {"known": predictor.predict(REQUEST), "unknown": predictor.predict(UNKNOWN)}
    transformer = estimator.transformer(
        instance_count=1,
        instance_type=INSTANCE,
        strategy="SingleRecord",
        accept="text/csv",
        assemble_with="Line",
        output_path=f"s3://{bucket}/own/recommended",
    )
    requests = folder / "customers.jsonl"
    requests.write_text(json.dumps(REQUEST) + "\n")
    uploaded = own.upload_data(str(requests), bucket, key_prefix="own/batch")
    transformer.transform(uploaded, content_type="application/jsonlines", split_type="Line", logs=True)
    predictor.delete_model()
    predictor.delete_endpoint(delete_endpoint_config=True)
    attached = Estimator.attach(estimator.latest_training_job.name, sagemaker_session=own)
    return answers | {
        "batch": part.batch("own/recommended/customers.jsonl.out"),
        "artifact": attached.model_data,
    }


PARTS: dict[str, Callable[[Part], Answers]] = {
    "published": published,
    "boto3": by_boto3,
    "own-image": own_image,
}


def main(folder: Path, algorithm: str, role: str, bucket: str) -> None:
    """Run the parts, all at once: each waits most of the time."""
    sys.addaudithook(forbid_the_outside)
    hurry()

    def run(name: str) -> None:
        answers = PARTS[name](Part(boto3.Session(), folder, algorithm, role, bucket))
        (folder / f"{name}.json").write_text(json.dumps(answers))

    with ThreadPoolExecutor() as pool:
        running = [pool.submit(run, name) for name in PARTS]
    (folder / "outside.json").write_text(json.dumps(sorted(outside)))
    for part in running:
        part.result()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
