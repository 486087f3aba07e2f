"""The pre-flight: each misfit between a Marketplace algorithm and a stack is one sentence with its fix."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.models import marketplace
from retailrec_shared.core.settings import Settings
from retailrec_shared.sagemaker import algorithm_check, preflight
from tests.environment import settings
from tests.fakes import FakeSageMaker, published_algorithm, refusal

ARN = marketplace.published_arn("us-east-1")
Change = Callable[[dict[str, Any]], Any]


def stack(**changes: object) -> Settings:
    return settings(algorithm_image_uri="", algorithm_arn=ARN, **changes)


def found(answer: dict[str, Any] | ClientError, region: str = "us-east-1", **changes: Any) -> list[str]:
    client: Any = FakeSageMaker()
    if isinstance(answer, ClientError):
        client.problems["describe_algorithm"] = answer
    else:
        client.algorithms[ARN] = answer
    return algorithm_check.problems(client, stack(**changes), region)


def test_the_published_algorithm_fits_the_templates_defaults() -> None:
    assert found(published_algorithm()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"training_instance_type": "ml.p3.2xlarge"},
            ("train on ml.p3.2xlarge", "set TrainingInstanceType to"),
        ),
        ({"batch_instance_type": "ml.g5.xlarge"}, ("batches on ml.g5.xlarge", "set BatchInstanceType to")),
        (
            {"endpoint_instance_type": "ml.t2.medium", "endpoint_mode": "instance"},
            ("real time on ml.t2.medium", "set EndpointInstanceType to"),
        ),
        ({"endpoint_instance_type": "ml.t2.medium"}, ("real time on ml.t2.medium", "EndpointInstanceType")),
        ({"factors": 5000}, ("Factors is 5000", "from 1 to 2048", "change Factors")),
        ({"iterations": 10**9}, ("Iterations is 1000000000", "change Iterations")),
        ({"learning_rate": 11.0}, ("LearningRate is 11.0", "change LearningRate")),
        ({"regularization": 1e9}, ("Regularization is 1000000000.0", "change Regularization")),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(changes: dict[str, Any], words: tuple[str, ...]) -> None:
    (sentence,) = found(published_algorithm(), **changes)
    assert all(word in sentence for word in words)
    assert sentence.endswith(".")


def test_without_an_endpoint_its_instances_do_not_matter() -> None:
    assert found(published_algorithm(), endpoint_instance_type="ml.t2.medium", endpoint_mode="none") == []


def test_the_nearest_instance_type_is_offered_first() -> None:
    (sentence,) = found(published_algorithm(), training_instance_type="ml.m5.8xlarge")
    assert "to ml.m5." in sentence
    assert "or another 8 that it supports" in sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(AlgorithmStatus="Failed"), ("is Failed", "choose another version")),
        (
            lambda d: d["TrainingSpecification"]["SupportedHyperParameters"].pop(0),
            ("no hyperparameter factors",),
        ),
        (
            lambda d: d["TrainingSpecification"]["SupportedHyperParameters"].append(
                {"Name": "licence", "Type": "FreeText", "IsRequired": True}
            ),
            ("requires the hyperparameter licence",),
        ),
        (
            lambda d: d["TrainingSpecification"]["TrainingChannels"].pop(0),
            ("no channel training", "contract"),
        ),
        (lambda d: d["TrainingSpecification"]["TrainingChannels"].pop(1), ("no channel testing",)),
        (
            lambda d: d["TrainingSpecification"]["TrainingChannels"].append(
                {"Name": "prior", "IsRequired": True, "SupportedContentTypes": [], "SupportedInputModes": []}
            ),
            ("requires a channel prior",),
        ),
        (
            lambda d: d["TrainingSpecification"]["TrainingChannels"][0].update(
                SupportedContentTypes=["application/x-parquet"]
            ),
            ("does not read text/csv in its channel training",),
        ),
        (
            lambda d: d["TrainingSpecification"]["TrainingChannels"][0].update(SupportedInputModes=["Pipe"]),
            ("in File mode",),
        ),
        (
            lambda d: d["InferenceSpecification"].update(SupportedContentTypes=["text/csv"]),
            ("do not take requests of application/json",),
        ),
        (
            lambda d: d["InferenceSpecification"].update(SupportedResponseMIMETypes=["application/json"]),
            ("do not answer in text/csv",),
        ),
        (
            lambda d: d["TrainingSpecification"].update(MetricDefinitions=[{"Name": "auc", "Regex": "x"}]),
            ("does not report p@k(10) (it reports auc)", "QualityFloor"),
        ),
        (
            lambda d: d["TrainingSpecification"].update(SupportedTrainingInstanceTypes=[]),
            ("set TrainingInstanceType to another; it names none",),
        ),
    ],
)
def test_an_algorithm_beside_the_contract_is_refused(change: Change, words: tuple[str, ...]) -> None:
    algorithm = published_algorithm()
    change(algorithm)
    (sentence,) = found(algorithm)
    assert all(word in sentence for word in words)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    algorithm = published_algorithm()
    del algorithm["InferenceSpecification"], algorithm["TrainingSpecification"]["SupportedHyperParameters"]
    sentences = found(algorithm, training_instance_type="ml.p3.2xlarge")
    assert len(sentences) == 10
    assert len(set(sentences)) == 10


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            refusal("ValidationException", "Caller is not subscribed to the marketplace offering."),
            ("not subscribed", "Continue to Subscribe"),
        ),
        (
            refusal(
                "AccessDeniedException", "User: x is not authorized to perform: sagemaker:DescribeAlgorithm"
            ),
            ("subscribe to it in AWS Marketplace", f"allow sagemaker:DescribeAlgorithm on {ARN}"),
        ),
        (refusal("ValidationException", f"Algorithm {ARN} does not exist."), ("no algorithm", "Configure")),
        (
            refusal("ValidationException", "ARN should be scoped to correct region: us-west-2"),
            ("another region", "Configure"),
        ),
        (refusal("ThrottlingException", "Rate exceeded"), ("Rate exceeded", "try again")),
    ],
)
def test_a_refusal_says_what_to_do(error: ClientError, words: tuple[str, ...]) -> None:
    (sentence,) = found(error)
    assert all(word in sentence for word in words)


@pytest.mark.parametrize(
    "arn",
    [
        "implicit-bpr",
        "arn:aws:sagemaker:us-east-1:865070037744:model-package/implicit-bpr",
        "arn:aws:sagemaker:us-east-1:865070037744:algorithm/",
        "arn:aws:sagemaker:us-east-1:86507:algorithm/x",
        ARN + "-",
        ARN + "\n",
        "arn:aws:sagemaker:us-east-1:865070037744:algorithm/" + "x" * 64,
    ],
)
def test_what_is_no_arn_is_not_asked_about(arn: str) -> None:
    (sentence,) = preflight.of_arn(arn, "us-east-1")
    assert "is no algorithm's ARN" in sentence


def test_an_arn_of_another_region_is_told_before_sagemaker_is_asked() -> None:
    (sentence,) = found(refusal("Never", "asked"), region="eu-west-1")
    assert "of region us-east-1, and the stack of eu-west-1" in sentence


def test_other_partitions_and_algorithms_of_ones_own_are_arns_too() -> None:
    for arn in (
        "arn:aws-cn:sagemaker:cn-north-1:123456789012:algorithm/x",
        "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:algorithm/My-Own-1",
    ):
        assert list(preflight.of_arn(arn, arn.split(":")[3])) == []


def narrowed(**changes: Any) -> dict[str, Any]:
    """Describe the algorithm with another word on its hyperparameter factors."""
    answer = published_algorithm()
    factors = answer["TrainingSpecification"]["SupportedHyperParameters"][0]
    assert factors["Name"] == "factors"
    factors.update(changes)
    return answer


def test_a_search_within_the_algorithms_ranges_fits() -> None:
    assert found(published_algorithm(), tuning="on") == []


def test_a_search_that_the_algorithm_does_not_allow_is_told() -> None:
    few = {"IntegerParameterRangeSpecification": {"MinValue": "1", "MaxValue": "128"}}
    (sentence,) = found(narrowed(Range=few), tuning="on")
    assert "Tuning searches factors from 20 to 200" in sentence
    assert "from 1 to 128" in sentence
    assert found(narrowed(Range=few), tuning="on", factors=50) == []
    (sentence,) = found(narrowed(IsTunable=False), tuning="on")
    assert "does not let factors be searched for" in sentence
    assert found(narrowed(IsTunable=False)) == []


def test_an_algorithm_without_the_objective_cannot_be_tuned() -> None:
    answer = published_algorithm()
    answer["TrainingSpecification"]["SupportedTuningJobObjectiveMetrics"] = []
    (sentence,) = found(answer, tuning="on")
    assert "cannot be tuned for p@k(10)" in sentence
    assert found(answer) == []
