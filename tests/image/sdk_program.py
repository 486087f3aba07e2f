"""A shop that uses the SageMaker Python SDK in local mode: it trains, deploys, asks, and runs a batch.

``sdk_program.py IMAGE FOLDER PORT`` runs in ``.venv-sdk``, by tests/image/test_sdk.py. It writes what it got
to FOLDER/answers.json, and also whom it tried to reach outside this machine.
"""

import json
import sys
from pathlib import Path

import boto3
import pandas  # type: ignore[import-untyped]
from sagemaker.deserializers import JSONDeserializer  # type: ignore[import-not-found]
from sagemaker.estimator import Estimator  # type: ignore[import-not-found]
from sagemaker.inputs import TrainingInput  # type: ignore[import-not-found]
from sagemaker.local import LocalSession  # type: ignore[import-not-found]
from sagemaker.serializers import JSONSerializer  # type: ignore[import-not-found]

HYPERPARAMETERS = {"factors": 8, "iterations": 20, "learning_rate": 0.05, "regularization": 0.01}
ROLE = "arn:aws:iam::123456789012:role/example"
COLUMNS = ["user_id", "item_id", "score"]
ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
outside: set[str] = set()


def forbid_the_outside(event: str, arguments: tuple[object, ...]) -> None:
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


def local_session(folder: Path, port: int) -> LocalSession:
    """Open a session that keeps its files in the folder and sends no telemetry."""
    boto = boto3.Session("example", "example", region_name="us-east-1")
    opted_out = {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}
    session = LocalSession(boto, sagemaker_config={"SchemaVersion": "1.0", "SageMaker": opted_out})
    work = folder / "work"
    work.mkdir()
    session.config = {"local": {"local_code": True, "container_root": str(work), "serving_port": port}}
    return session


def trained(image: str, folder: Path, session: LocalSession) -> Estimator:
    """Train on the folder's two channels."""
    estimator = Estimator(
        image_uri=image,
        role=ROLE,
        instance_count=1,
        instance_type="local",
        output_path=(folder / "output").as_uri(),
        hyperparameters=HYPERPARAMETERS,
        sagemaker_session=session,
    )
    channels = {name: (folder / name).as_uri() for name in ("training", "testing")}
    estimator.fit({name: TrainingInput(uri, content_type="text/csv") for name, uri in channels.items()})
    return estimator


def asked(estimator: Estimator) -> dict[str, object]:
    """Deploy to an endpoint, ask it for a known and an unknown customer, and delete it."""
    predictor = estimator.deploy(
        initial_instance_count=1,
        instance_type="local",
        serializer=JSONSerializer(),
        deserializer=JSONDeserializer(),
    )
    try:
        return {
            "known": predictor.predict({"user_id": "00003", "top_n": "10"}),
            "unknown": predictor.predict({"user_id": "nobody", "top_n": "10"}),
        }
    finally:
        predictor.delete_endpoint()


def batch(estimator: Estimator, folder: Path) -> list[dict[str, object]]:
    """Run a transform job as the tutorial does, a record in each request, and read its csv with pandas."""
    transformer = estimator.transformer(
        instance_count=1,
        instance_type="local",
        strategy="SingleRecord",
        assemble_with="Line",
        accept="text/csv",
        output_path=(folder / "batch-output").as_uri(),
    )
    # Local mode returns when the job has ended; waiting would ask CloudWatch for its log.
    transformer.transform(
        (folder / "batch-input").as_uri(),
        content_type="application/jsonlines",
        split_type="Line",
        wait=False,
    )
    written = folder / "batch-output" / "customers.jsonl.out"
    table = pandas.read_csv(written, header=None, names=COLUMNS, dtype=dict.fromkeys(COLUMNS[:2], str))
    rows: list[dict[str, object]] = table.to_dict("records")
    return rows


def main(image: str, folder: Path, port: int) -> None:
    """Do all of it."""
    sys.addaudithook(forbid_the_outside)
    estimator = trained(image, folder, local_session(folder, port))
    answers = {**asked(estimator), "batch": batch(estimator, folder), "outside": sorted(outside)}
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
