"""Early stopping by the median rule, as SageMaker documents it.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

from collections.abc import Sequence
from statistics import fmean, median

MIN_OTHERS = 3


def below_median(values: Sequence[float], others: Sequence[Sequence[float]], *, maximize: bool) -> bool:
    """Return whether a job's newest value is worse than the median of other jobs' running averages so far.

    ``values`` and each of ``others`` are a job's values of the objective, in the order they were reported.
    Jobs that did not get as far are not compared; before three others did, the result is False.
    """
    if not values:
        return False
    step = len(values)
    averages = [fmean(other[:step]) for other in others if len(other) >= step]
    if len(averages) < MIN_OTHERS:
        return False
    return values[-1] < median(averages) if maximize else values[-1] > median(averages)
