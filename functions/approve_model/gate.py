"""The quality gate: is a model good enough to serve?"""

from collections.abc import Mapping

from retailrec_shared.sagemaker_requests import CONTRACT_METRIC


def objection(metrics: Mapping[str, float], floor: float) -> str | None:
    """Say why a model must not serve, or return ``None``.

    The contract's held-out precision, p@k(10), must reach the operator's floor. A
    model without the metric passes only where no floor was asked for.
    """
    precision = metrics.get(CONTRACT_METRIC)
    if precision is None:
        return f"The training job reported no {CONTRACT_METRIC}." if floor > 0 else None
    if precision < floor:
        return f"Held-out {CONTRACT_METRIC} is {precision:.4f}, below the floor of {floor:.4f}."
    return None
