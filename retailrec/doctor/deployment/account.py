"""Checks of the account: who deploys, in which region, and what Lambda allows."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, EndpointConnectionError

from retailrec.client.problems import NOT_ALLOWED, NOT_KNOWN
from retailrec.doctor.findings import Finding, failed, note, ok
from retailrec_shared.core.aws import error_code

FEW = 100  # concurrent executions: below the least that AWS gives an established account


class Caller(NamedTuple):
    """The principal that deploys."""

    arn: str
    account: str

    @property
    def partition(self) -> str:
        """Partition of AWS, such as ``aws-cn``."""
        return self.arn.split(":")[1]


def who(sts: Any) -> Caller:
    """Return the caller; raises what AWS answers to credentials that it does not accept."""
    found = sts.get_caller_identity()
    return Caller(found["Arn"], found["Account"])


def check_region(sagemaker: Any, region: str) -> Iterator[Finding]:
    """Check that the account may use the region, and that SageMaker is there."""
    try:
        sagemaker.list_endpoints(MaxResults=1)
    except EndpointConnectionError:
        yield failed(
            "region", f"SageMaker does not answer in {region}.", "Check the region's name, and the network."
        )
        return
    except ClientError as error:
        if error_code(error) in NOT_KNOWN:
            yield failed(
                "region",
                f"{region} is not enabled for this account.",
                "Enable it (AWS console: Account, AWS Regions), or choose another one.",
            )
            return
        if error_code(error) not in NOT_ALLOWED:
            raise
    yield ok("region", f"SageMaker answers in {region}.")


def check_lambda(functions: Any) -> Iterator[Finding]:
    """Say how many functions may run at once: new accounts have few, and all functions share them."""
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < FEW:
        yield note(
            "Lambda",
            f"{limit} functions may run at once, of all stacks in this region together: enough to try, too "
            "few for an API under load. Ask for more in the Service Quotas console (Lambda, Concurrent "
            "executions).",
        )
    else:
        yield ok("Lambda", f"{limit} functions may run at once.")
