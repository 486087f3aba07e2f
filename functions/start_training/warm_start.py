"""From which earlier tuning job a run's may begin."""

from itertools import islice

from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import tuning_requests

LOOKED_AT = 5  # runs; each takes a call to SageMaker


def parent_of(run: Run) -> str | None:
    """Name the tuning job of the latest earlier run that searched the same; ``None`` where there is none."""
    earlier = (
        each for each in ledger().runs() if each.order < run.order and each.tunes and each.ended(Stage.TRAIN)
    )
    for each in islice(earlier, LOOKED_AT):
        name = tuning_requests.job_name(each)
        try:
            found = aws.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if aws.says_missing(error):  # deleted: AWS keeps them, an account's owner need not
                continue
            raise
        if tuning_requests.may_begin_from(run, found):
            return name
    return None
