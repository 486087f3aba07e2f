"""Creates a run's tuning job, which starts from an earlier one."""

from itertools import islice

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import tuning_requests

# With which SageMaker may refuse a parent; a request that is refused without one too raises the error again.
REFUSALS = frozenset({"ValidationException", "ResourceLimitExceeded", "ResourceNotFound"})
LOOKED_AT = 5  # runs; each takes a call to SageMaker


def create_tuning_job(run: Run) -> None:
    """Create a run's tuning job, without its warm start if SageMaker refuses that."""
    parent = parent_of(run)
    try:
        _create(run, parent)
    except ClientError as error:
        if parent is None or aws.error_code(error) not in REFUSALS:
            raise
        logger.warning(
            "warm start refused", run_id=run.run_id, parent=parent, reason=aws.error_message(error)
        )
        _create(run, None)


def _create(run: Run, parent: str | None) -> None:
    aws.sagemaker().create_hyper_parameter_tuning_job(**tuning_requests.tuning_job(settings(), run, parent))


def parent_of(run: Run) -> str | None:
    """Return the name of the latest earlier tuning job with the same search; ``None`` if there is none."""
    earlier = (
        each for each in ledger().runs() if each.order < run.order and each.tunes and each.ended(Stage.TRAIN)
    )
    for each in islice(earlier, LOOKED_AT):
        name = tuning_requests.job_name(each)
        try:
            found = aws.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if aws.says_missing(error):  # somebody deleted it
                continue
            raise
        if tuning_requests.may_begin_from(run, found):
            return name
    return None
