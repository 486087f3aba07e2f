"""Does a Marketplace algorithm fit the stack? Every misfit is one sentence, with what to do.

Read from DescribeAlgorithm's answer and the stack's parameters alone, before anything is paid for.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from retailrec_shared.core.marketplace_limits import endpoint_kind
from retailrec_shared.core.settings import Settings
from retailrec_shared.core.tuning_ranges import Range
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC

Document = Mapping[str, Any]

ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):\d{12}:algorithm/[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
)
EXAMPLE = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr-36-…"
WHERE = "AWS Marketplace shows it under Your subscriptions, Configure, for each region and version"
CHANNELS = ("training", "testing")
DATA, REQUEST, ANSWER, BATCH_ANSWER = "text/csv", "application/json", "application/json", "text/csv"
SHOWN = 8


def of_arn(arn: str, region: str) -> Iterator[str]:
    """Say what is wrong with an algorithm's ARN itself."""
    found = ARN.fullmatch(arn)
    if not found:
        yield f"AlgorithmArn {arn!r} is no algorithm's ARN such as {EXAMPLE}: take the one that {WHERE}."
    elif found["region"] != region:
        yield (
            f"The algorithm's ARN is of region {found['region']}, and the stack of {region}: take the ARN of "
            f"{region} ({WHERE}), or deploy in {found['region']}."
        )


def of_refusal(arn: str, code: str, message: str) -> str:
    """Say why SageMaker does not describe an algorithm, and what to do."""
    said = message.rstrip(".")
    if "not subscribed" in said.lower():
        return (
            "The account is not subscribed to the algorithm: open its page in AWS Marketplace, choose "
            "Continue to Subscribe, accept the offer, and try again."
        )
    if "AccessDenied" in code:
        return (
            f"SageMaker does not show the algorithm ({said}): subscribe to it in AWS Marketplace, and allow "
            f"sagemaker:DescribeAlgorithm on {arn}."
        )
    if any(words in said.lower() for words in ("does not exist", "could not find", "not found")):
        return (
            f"There is no algorithm {arn} for this account: take the ARN that {WHERE}, and subscribe to it."
        )
    if "correct region" in said:
        return f"The algorithm is of another region ({said}): take the ARN that {WHERE}."
    return f"SageMaker does not describe the algorithm ({code}: {said}): try again, then look at its console."


def misfits(algorithm: Document, settings: Settings) -> list[str]:
    """List what keeps a stack with these settings from working with an algorithm, as it is described."""
    training = algorithm.get("TrainingSpecification") or {}
    inference = algorithm.get("InferenceSpecification") or {}
    return [
        *_status(algorithm),
        *_instances(training, inference, settings),
        *_hyperparameters(
            training.get("SupportedHyperParameters") or [], settings.hyperparameters_of_contract
        ),
        *_search(training, settings),
        *_channels(training.get("TrainingChannels") or []),
        *_content_types(inference),
        *_metrics(training.get("MetricDefinitions") or [], settings),
    ]


def _status(algorithm: Document) -> Iterator[str]:
    status = algorithm.get("AlgorithmStatus")
    if status != "Completed":
        reasons = [
            each["FailureReason"]
            for each in (algorithm.get("AlgorithmStatusDetails") or {}).get("ValidationStatuses") or []
            if each.get("FailureReason")
        ]
        why = f" ({'; '.join(reasons)})" if reasons else ""
        yield f"The algorithm is {status}{why}, not Completed: choose another version in AWS Marketplace."


def _instances(training: Document, inference: Document, settings: Settings) -> Iterator[str]:
    wanted = [
        ("train", "TrainingInstanceType", settings.training_instance_type,
         training.get("SupportedTrainingInstanceTypes")),
        ("transform batches", "BatchInstanceType", settings.batch_instance_type,
         inference.get("SupportedTransformInstanceTypes")),
    ]  # fmt: skip
    if settings.endpoint_mode != "none" and endpoint_kind(settings, settings.algorithm_arn) == "instance":
        wanted.append(
            ("answer in real time", "EndpointInstanceType", settings.endpoint_instance_type,
             inference.get("SupportedRealtimeInferenceInstanceTypes"))
        )  # fmt: skip
    for what, parameter, chosen, supported in wanted:
        if chosen not in (supported or []):
            yield (
                f"The algorithm does not {what} on {chosen}: set {parameter} to "
                f"{_choice(supported or [], chosen) or 'another; it names none that it supports'}."
            )


def _choice(offered: Iterable[str], like: str) -> str:
    """Name some of what is offered, the nearest of kin first."""
    family, size = like.split(".")[1:2], like.rpartition(".")[2]
    ranked = sorted(offered, key=lambda name: (name.split(".")[1:2] != family, not name.endswith(f".{size}")))
    more = f" or another {len(ranked) - SHOWN} that it supports" if len(ranked) > SHOWN else ""
    return " or ".join([", ".join(ranked[:SHOWN])] if ranked else []) + more


def _hyperparameters(offered: Iterable[Document], chosen: Mapping[str, str]) -> Iterator[str]:
    known = {each["Name"]: each for each in offered}
    for name, value in chosen.items():
        if name not in known:
            yield (
                f"The algorithm has no hyperparameter {name} (it has {', '.join(known) or 'none'}), so this "
                "stack cannot drive it: take an Implicit BPR algorithm, or AlgorithmImageUri."
            )
        elif problem := _out_of_range(known[name], value):
            parameter = name.title().replace("_", "")
            yield f"{parameter} is {value}, and the algorithm takes {problem}: change {parameter}."
    for name, each in known.items():
        if each.get("IsRequired") and each.get("DefaultValue") is None and name not in chosen:
            yield (
                f"The algorithm requires the hyperparameter {name}, which this stack does not set: take "
                "another version of the algorithm, or AlgorithmImageUri."
            )


def _search(training: Document, settings: Settings) -> Iterator[str]:
    """Say what keeps a stack with Tuning on from searching."""
    known = {each["Name"]: each for each in training.get("SupportedHyperParameters") or []}
    for name, among in settings.searched.items():
        if name not in known:
            continue  # told of already
        parameter = name.title().replace("_", "")
        ends = [f"{among.low:g}", f"{among.high:g}"] if isinstance(among, Range) else list(among)
        problem = next(filter(None, (_out_of_range(known[name], end) for end in ends)), None)
        if not known[name].get("IsTunable"):
            yield f"The algorithm does not let {name} be searched for: set {parameter}, or Tuning to off."
        elif problem:
            yield (
                f"Tuning searches {name} from {ends[0]} to {ends[-1]}, and the algorithm takes {problem}: "
                f"set {parameter}, or Tuning to off."
            )
    objectives = [each["MetricName"] for each in training.get("SupportedTuningJobObjectiveMetrics") or []]
    if settings.searched and CONTRACT_METRIC not in objectives:
        yield (
            f"The algorithm cannot be tuned for {CONTRACT_METRIC} (but for "
            f"{', '.join(objectives) or 'nothing'}): set Tuning to off."
        )


def _out_of_range(parameter: Document, value: str) -> str | None:
    """Say what a hyperparameter takes, if that is not the value; ``None`` where it is, or nothing is said."""
    kind, allowed = parameter["Type"], parameter.get("Range") or {}
    if kind == "Categorical":
        values = (allowed.get("CategoricalParameterRangeSpecification") or {}).get("Values")
        return None if values is None or value in values else f"only {', '.join(values)}"
    if kind not in ("Integer", "Continuous"):
        return None
    number = _number(value)
    bounds = allowed.get(f"{kind}ParameterRangeSpecification") or {}
    low, high = _number(bounds.get("MinValue", "-inf")), _number(bounds.get("MaxValue", "inf"))
    if kind == "Integer" and not number.is_integer():
        return f"whole numbers from {low:g} to {high:g}"
    # Also where it is not a number, which compares to nothing.
    return None if low <= number <= high else f"numbers from {low:g} to {high:g}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _channels(offered: Iterable[Document]) -> Iterator[str]:
    known = {each["Name"]: each for each in offered}
    other = (
        "it does not follow the contract of Implicit BPR; take an algorithm that does, or AlgorithmImageUri"
    )
    for name in CHANNELS:
        channel = known.get(name)
        if channel is None:
            yield f"The algorithm has no channel {name} (it has {', '.join(known) or 'none'}): {other}."
            continue
        if DATA not in channel["SupportedContentTypes"]:
            yield f"The algorithm does not read {DATA} in its channel {name}: {other}."
        if "File" not in channel["SupportedInputModes"]:
            yield f"The algorithm does not take its channel {name} in File mode: {other}."
    for name, channel in known.items():
        if channel.get("IsRequired") and name not in CHANNELS:
            yield f"The algorithm requires a channel {name}, which this stack does not have: {other}."


def _content_types(inference: Document) -> Iterator[str]:
    answers = set(inference.get("SupportedResponseMIMETypes") or [])
    asked = set(inference.get("SupportedContentTypes") or [])
    other = "take another version of the algorithm, or AlgorithmImageUri"
    if REQUEST not in asked:
        yield f"The algorithm's models do not take requests of {REQUEST}: {other}."
    for missing in sorted({ANSWER, BATCH_ANSWER} - answers):
        yield f"The algorithm's models do not answer in {missing}: {other}."


def _metrics(offered: Iterable[Document], settings: Settings) -> Iterator[str]:
    reported = [each["Name"] for each in offered]
    if settings.quality_floor > 0 and CONTRACT_METRIC not in reported:
        yield (
            f"The algorithm does not report {CONTRACT_METRIC} (it reports "
            f"{', '.join(reported) or 'nothing'}), so no model would reach the QualityFloor: set it to 0."
        )
