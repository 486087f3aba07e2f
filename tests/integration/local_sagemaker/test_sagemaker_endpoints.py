import concurrent.futures
import contextlib
import json
import os
import re
import signal
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_sagemaker.laptop import BUCKET, Laptop, client, wait_until


def failure_of(laptop: Laptop, endpoint: str, question: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        laptop.runtime.invoke_endpoint(EndpointName=endpoint, Body=json.dumps(question))
    return dict(caught.value.response)


def test_an_endpoint_comes_into_service_and_answers(laptop: Laptop) -> None:
    laptop.make_config("first")
    laptop.hold("endpoint")
    laptop.sm.create_endpoint(EndpointName="first", EndpointConfigName="first")
    assert laptop.sm.describe_endpoint(EndpointName="first")["EndpointStatus"] == "Creating"
    laptop.let_go()

    endpoint = laptop.settled("first")

    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == "first"
    (variant,) = endpoint["ProductionVariants"]
    assert variant["VariantName"] == "run-first"
    assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 5
    reply = laptop.runtime.invoke_endpoint(
        EndpointName="first",
        Body=b'{"user_id": "85123A"}',
        ContentType="application/json",
        Accept="application/json",
    )
    assert reply["InvokedProductionVariant"] == "run-first"
    assert reply["ContentType"] == "application/json"
    assert json.loads(reply["Body"].read())["user_id"] == "85123A"


def test_variants_share_the_traffic(laptop: Laptop) -> None:
    for name in ("ninety", "ten"):
        laptop.make_model(name)
    variants: list[dict[str, Any]] = [
        {"VariantName": name, "ModelName": name, "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
        for name in ("ninety", "ten")
    ]
    variants[1]["InitialVariantWeight"] = 0.0
    laptop.sm.create_endpoint_config(EndpointConfigName="shared", ProductionVariants=variants)
    laptop.sm.create_endpoint(EndpointName="shared", EndpointConfigName="shared")
    assert laptop.settled("shared")["EndpointStatus"] == "InService"

    assert {laptop.ask("shared")["model"] for _ in range(10)} == {"ninety"}
    reply = laptop.runtime.invoke_endpoint(
        EndpointName="shared", Body=b'{"user_id": "1"}', TargetVariant="ten"
    )
    assert reply["InvokedProductionVariant"] == "ten"


@pytest.mark.parametrize("status", [400, 503])
def test_what_the_container_refuses_is_a_model_error(laptop: Laptop, status: int) -> None:
    name = f"angry-{status}"
    laptop.make_endpoint(name)

    response = failure_of(laptop, name, {"user_id": "1", "status": status})

    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == status
    assert response["OriginalMessage"] == "no such user"


def test_only_an_endpoint_in_service_answers(laptop: Laptop) -> None:
    laptop.make_config("unborn")
    laptop.hold("endpoint")
    laptop.sm.create_endpoint(EndpointName="unborn", EndpointConfigName="unborn")

    for name in ("unborn", "nowhere"):
        response = failure_of(laptop, name, {"user_id": "1"})
        assert response["Error"]["Code"] == "ValidationError"
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert f"Endpoint {name} of account 000000000000 not found." in response["Error"]["Message"]


def test_an_update_under_load_fails_no_request(laptop: Laptop) -> None:
    laptop.make_endpoint("busy")
    laptop.make_config("busy-2")
    over = threading.Event()
    answers: list[list[str]] = [[] for _ in range(4)]

    def load(seen: list[str]) -> None:
        runtime = client("sagemaker-runtime", laptop.url)
        while not over.is_set():
            # Some requests are slow, so that the switch finds them in flight.
            question = {"user_id": "1", "sleep": 0.15 if len(seen) % 10 == 0 else 0}
            reply = runtime.invoke_endpoint(
                EndpointName="busy", Body=json.dumps(question), Accept="application/json"
            )
            answer = json.loads(reply["Body"].read())
            assert reply["InvokedProductionVariant"] == f"run-{answer['model']}"
            seen.append(answer["model"])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load, seen) for seen in answers]

        def all_saw(model: str) -> bool:
            return any(load.done() for load in loads) or all(model in seen for seen in answers)

        try:
            wait_until(lambda: all_saw("busy"))
            laptop.hold("endpoint")
            laptop.sm.update_endpoint(EndpointName="busy", EndpointConfigName="busy-2")
            updating = laptop.sm.describe_endpoint(EndpointName="busy")
            laptop.let_go()
            endpoint = laptop.settled("busy")
            wait_until(lambda: all_saw("busy-2"))
        finally:
            over.set()
        for each in loads:
            each.result()

    assert updating["EndpointStatus"] == "Updating"
    assert updating["EndpointConfigName"] == "busy"
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "busy-2"
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "busy-2")
    for seen in answers:
        assert seen == sorted(seen), "an old model answered after the new one"


def test_an_endpoint_in_progress_is_left_alone(laptop: Laptop) -> None:
    laptop.make_endpoint("moving")
    laptop.make_config("moving-2")
    laptop.hold("endpoint")
    laptop.sm.update_endpoint(EndpointName="moving", EndpointConfigName="moving-2")

    in_progress = r'ValidationException.*Cannot update in-progress endpoint "arn:.*endpoint/moving"'
    with pytest.raises(ClientError, match=in_progress):
        laptop.sm.update_endpoint(EndpointName="moving", EndpointConfigName="moving")
    with pytest.raises(ClientError, match=in_progress):
        laptop.sm.delete_endpoint(EndpointName="moving")

    assert laptop.ask("moving")["model"] == "moving"
    laptop.let_go()
    assert laptop.settled("moving")["EndpointConfigName"] == "moving-2"


def test_a_failed_update_leaves_the_old_model_in_service(laptop: Laptop) -> None:
    laptop.make_endpoint("steady")
    laptop.make_config("steady-2", BREAK="1")

    laptop.sm.update_endpoint(EndpointName="steady", EndpointConfigName="steady-2")

    endpoint = laptop.settled("steady")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "steady")
    assert "did not pass the ping health check" in endpoint["FailureReason"]
    assert laptop.ask("steady")["model"] == "steady"


def test_an_endpoint_that_does_not_come_up_is_failed(laptop: Laptop) -> None:
    laptop.make_config("stillborn", BREAK="1")
    laptop.sm.create_endpoint(EndpointName="stillborn", EndpointConfigName="stillborn")

    endpoint = laptop.settled("stillborn")

    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"].startswith("The primary container for production variant run-stillborn")
    with pytest.raises(ClientError, match="in status Failed"):
        laptop.sm.update_endpoint(EndpointName="stillborn", EndpointConfigName="stillborn")
    laptop.sm.delete_endpoint(EndpointName="stillborn")


def test_variants_come_up_together_or_not_at_all(laptop: Laptop) -> None:
    laptop.make_model("sound")
    laptop.make_model("unsound", BREAK="1")
    variants = [
        {"VariantName": name, "ModelName": name, "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
        for name in ("sound", "unsound")
    ]
    laptop.sm.create_endpoint_config(EndpointConfigName="mixed", ProductionVariants=variants)
    laptop.sm.create_endpoint(EndpointName="mixed", EndpointConfigName="mixed")

    assert laptop.settled("mixed")["EndpointStatus"] == "Failed"
    for pid in re.findall(r"serving as (\d+)", laptop.admin("GET", "/_logs/endpoint/mixed")):
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_a_tampered_archive_is_refused(laptop: Laptop) -> None:
    laptop.make_config("tampered")
    laptop.put("models/tampered.tar.gz", b"\x1f\x8b no archive")
    laptop.sm.create_endpoint(EndpointName="tampered", EndpointConfigName="tampered")

    assert "Failed to extract model data archive" in laptop.settled("tampered")["FailureReason"]


def test_a_killed_program_is_started_again(laptop: Laptop) -> None:
    laptop.make_endpoint("phoenix")
    pid = laptop.ask("phoenix")["pid"]

    os.kill(pid, signal.SIGKILL)

    def answer() -> Any:
        with contextlib.suppress(laptop.runtime.exceptions.ModelError):
            return laptop.ask("phoenix")
        return None

    assert wait_until(lambda: (reply := answer()) and reply["pid"] != pid)
    assert laptop.sm.describe_endpoint(EndpointName="phoenix")["EndpointStatus"] == "InService"


def test_a_program_that_dies_in_a_request_is_a_model_error(laptop: Laptop) -> None:
    laptop.make_endpoint("dying")

    response = failure_of(laptop, "dying", {"user_id": "1", "die": True})

    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == 503


def test_deleting_ends_the_program_and_frees_the_name(laptop: Laptop) -> None:
    laptop.make_endpoint("brief")
    pid = laptop.ask("brief")["pid"]

    laptop.sm.delete_endpoint(EndpointName="brief")

    wait_until(lambda: not laptop.sm.list_endpoints(NameContains="brief")["Endpoints"])
    with pytest.raises(ClientError, match=r'Could not find endpoint "arn:.*endpoint/brief"'):
        laptop.sm.describe_endpoint(EndpointName="brief")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    laptop.sm.create_endpoint(EndpointName="brief", EndpointConfigName="brief")
    assert laptop.settled("brief")["EndpointStatus"] == "InService"


def test_names_taken_and_names_missing(laptop: Laptop) -> None:
    laptop.make_endpoint("taken")
    with pytest.raises(ClientError, match=r'Cannot create already existing model "arn:.*model/taken"'):
        laptop.make_model("taken")
    with pytest.raises(ClientError, match='Cannot create already existing endpoint "arn:'):
        laptop.sm.create_endpoint(EndpointName="taken", EndpointConfigName="taken")
    variants = laptop.sm.describe_endpoint_config(EndpointConfigName="taken")["ProductionVariants"]
    with pytest.raises(ClientError, match='Cannot create already existing endpoint configuration "arn:'):
        laptop.sm.create_endpoint_config(EndpointConfigName="taken", ProductionVariants=variants)

    for noun in ("model", "endpoint_config", "endpoint"):
        member = "".join(word.capitalize() for word in noun.split("_")) + "Name"
        for verb in ("describe", "delete"):
            spoken = noun.replace("_config", " configuration")
            with pytest.raises(ClientError, match=rf'ValidationException.*Could not find {spoken} "arn:'):
                getattr(laptop.sm, f"{verb}_{noun}")(**{member: "none"})
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        laptop.sm.update_endpoint(EndpointName="taken", EndpointConfigName="none")


def test_a_model_needs_its_data(laptop: Laptop) -> None:
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/no/model.tar.gz"}

    with pytest.raises(ClientError, match=r"ValidationException.*Could not find model data at s3://"):
        laptop.sm.create_model(ModelName="empty", PrimaryContainer=container, ExecutionRoleArn=laptop.role)


def test_a_variant_is_serverless_or_has_instances(laptop: Laptop) -> None:
    laptop.make_model("torn")
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    instances = {"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
    for extra in ({}, serverless | instances, {"InstanceType": "ml.t2.medium"}):
        variant = {"VariantName": "v", "ModelName": "torn", **extra}
        with pytest.raises(ClientError, match="ValidationException"):
            laptop.sm.create_endpoint_config(EndpointConfigName="torn", ProductionVariants=[variant])


def test_what_lives_is_not_hurt_by_deleting_its_parts(laptop: Laptop) -> None:
    laptop.make_endpoint("orphan")

    laptop.sm.delete_model(ModelName="orphan")
    laptop.sm.delete_endpoint_config(EndpointConfigName="orphan")

    assert laptop.ask("orphan")["model"] == "orphan"


def test_tags(laptop: Laptop) -> None:
    laptop.make_model("tagged")
    arn = laptop.sm.describe_model(ModelName="tagged")["ModelArn"]

    laptop.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "run", "Value": "1"}, {"Key": "stack", "Value": "a"}])
    laptop.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "run", "Value": "2"}])

    tags = {tag["Key"]: tag["Value"] for tag in laptop.sm.list_tags(ResourceArn=arn)["Tags"]}
    assert tags == {"run": "2", "stack": "a"}
