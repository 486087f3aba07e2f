"""Rules for tuning jobs that the service model cannot express."""

from typing import TYPE_CHECKING

from local.sagemaker.account.records import Document, TuningJob
from local.sagemaker.errors import ServiceError, tuning_job_missing, validation
from local.sagemaker.models import algorithms
from local.sagemaker.training import rules as training_rules
from local.sagemaker.tuning.space import RESERVED, Numbers, Space, read_space

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud
    from local.sagemaker.account.store import Store

MAX_JOBS, MAX_PARALLEL = 750, 100
STRATEGIES = ("Bayesian", "Random")
# What SageMaker supports and this does not, by the member that holds it.
UNSUPPORTED = {
    "": ("TrainingJobDefinitions", "Autotune"),
    "HyperParameterTuningJobConfig": ("TuningJobCompletionCriteria", "StrategyConfig"),
    "TrainingJobDefinition": (
        "HyperParameterTuningResourceConfig", "TuningObjective", "HyperParameterRanges", "DefinitionName",
        "CheckpointConfig",
    ),
}  # fmt: skip


def check(cloud: "Cloud", request: Document) -> None:
    """Apply the rules that the service model cannot express."""
    for place, members in UNSUPPORTED.items():
        for member in members:
            if member in (request.get(place, {}) if place else request):
                raise _unsupported(f"{place}.{member}".strip("."))
    config, definition = request["HyperParameterTuningJobConfig"], request.get("TrainingJobDefinition")
    if definition is None:
        raise validation("TrainingJobDefinition is required.")
    if config["Strategy"] not in STRATEGIES:
        raise _unsupported(f"Strategy {config['Strategy']}")
    _check_limits(config["ResourceLimits"])
    space = _check_space(config, definition)
    training_rules.check(training_request(request, "check", {}), cloud.settings.account)
    algorithm_name = definition["AlgorithmSpecification"].get("AlgorithmName")
    if algorithm_name:
        _check_algorithm(algorithms.find(cloud, algorithm_name), request, space)
    else:
        _check_objective(config, definition["AlgorithmSpecification"].get("MetricDefinitions", []))
    _check_parents(request, cloud.store)


def training_request(request: Document, name: str, tuned: dict[str, str]) -> Document:
    """Write CreateTrainingJob for one of a tuning job's training jobs."""
    definition = request["TrainingJobDefinition"]
    given = {member: value for member, value in definition.items() if member != "StaticHyperParameters"}
    return given | {
        "TrainingJobName": name,
        "HyperParameters": definition.get("StaticHyperParameters", {}) | tuned,
        "Tags": request.get("Tags", []),
    }


def _check_limits(limits: Document) -> None:
    in_total, parallel = limits.get("MaxNumberOfTrainingJobs"), limits["MaxParallelTrainingJobs"]
    if "MaxRuntimeInSeconds" in limits:
        raise _unsupported("ResourceLimits.MaxRuntimeInSeconds")
    if in_total is None:
        raise validation("MaxNumberOfTrainingJobs is required for this strategy.")
    if parallel > in_total:
        raise validation(
            f"MaxParallelTrainingJobs ({parallel}) must be less than or equal to MaxNumberOfTrainingJobs "
            f"({in_total})."
        )
    _check_total(parallel, "parallel")
    _check_total(in_total, "total")


def _check_total(value: int, what: str) -> None:
    """Refuse more training jobs than one tuning job may have; its parents' count as well."""
    most = {"parallel": MAX_PARALLEL, "total": MAX_JOBS}[what]
    if value > most:
        raise ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit 'Training jobs in {what} of one hyperparameter tuning job' "
            f"is {most}, and {value} were requested.",
        )


def _check_space(config: Document, definition: Document) -> Space:
    space = read_space(config.get("ParameterRanges", {}))
    fixed = definition.get("StaticHyperParameters", {})
    if both := sorted(space.keys() & fixed.keys()):
        raise validation(f"Hyperparameters are both static and searched: {', '.join(both)}")
    if reserved := sorted(name for name in fixed if name.startswith(RESERVED)):
        raise validation(f"Hyperparameter names must not begin with {RESERVED}: {', '.join(reserved)}")
    return space


def _check_algorithm(described: Document, request: Document, space: Space) -> None:
    """Refuse ranges that the algorithm does not support, by checking both ends of each."""
    offered = described["TrainingSpecification"]
    _check_objective(
        request["HyperParameterTuningJobConfig"],
        [{"Name": each["MetricName"]} for each in offered["SupportedTuningJobObjectiveMetrics"]],
    )
    tunable = {each["Name"] for each in offered["SupportedHyperParameters"] if each["IsTunable"]}
    if unknown := sorted(space.keys() - tunable):
        raise validation(f"Hyperparameters are not tunable in the algorithm: {', '.join(unknown)}")
    for end in ("low", "high"):
        tried = {
            name: f"{getattr(among, end):g}" if isinstance(among, Numbers) else among.values[0]
            for name, among in space.items()
        }
        if problems := list(algorithms.job_problems(described, training_request(request, "check", tried))):
            raise validation(" ".join(problems))


def _check_objective(config: Document, known: list[Document]) -> None:
    objective = config.get("HyperParameterTuningJobObjective")
    if objective is None:
        raise validation("HyperParameterTuningJobObjective is required.")
    names = [definition["Name"] for definition in known]
    if objective["MetricName"] not in names:
        raise validation(
            f"Objective metric {objective['MetricName']} is not defined: there are {', '.join(names)}."
        )


def _check_parents(request: Document, store: "Store") -> None:
    warm = request.get("WarmStartConfig")
    if warm is None:
        return
    names = [each.get("HyperParameterTuningJobName", "") for each in warm["ParentHyperParameterTuningJobs"]]
    if len(set(names)) < len(names):
        raise validation("Parent hyperparameter tuning jobs must be unique.")
    known = {job.name: job for job in store.tuning_jobs}
    for name in names:
        if name not in known:
            raise tuning_job_missing(name)
        _check_parent(request, known[name], identical=warm["WarmStartType"] == "IdenticalDataAndAlgorithm")
    own = request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    _check_total(own + sum(len(known[name].trials) for name in names), "total")


def _check_parent(request: Document, parent: TuningJob, *, identical: bool) -> None:
    config, definition = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    if parent.running:
        raise validation(f"Parent hyperparameter tuning job {parent.name} is in status {parent.status}.")
    if config["HyperParameterTuningJobObjective"] != parent.objective:
        raise validation(f"The objective differs from that of parent {parent.name}.")
    if _names(config, definition) != _names(parent.config, parent.definition):
        raise validation(
            f"The hyperparameters, static and searched together, differ from those of parent {parent.name}."
        )
    same = ("AlgorithmSpecification", "InputDataConfig")
    if identical and any(definition.get(each) != parent.definition.get(each) for each in same):
        raise validation(
            f"Data or algorithm differ from those of parent {parent.name}: use TransferLearning."
        )


def _names(config: Document, definition: Document) -> set[str]:
    searched = read_space(config.get("ParameterRanges", {}))
    return {*searched, *definition.get("StaticHyperParameters", {})}


def _unsupported(what: str) -> ServiceError:
    return validation(f"{what} is not supported by the local SageMaker.")
