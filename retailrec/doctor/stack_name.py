"""The rules that a stack's name must follow, most of which CloudFormation does not know."""

import re
from collections.abc import Iterator

from retailrec.doctor.findings import Finding, failed, ok

WHAT = "stack name"
LONGEST = (
    40  # a function's name has 64 characters, with "-publish-recommendations"; a job's has 63, with a run
)
_SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def check_stack_name(name: str) -> Iterator[Finding]:
    """Check a stack's name.

    SageMaker writes the names of resources in lower case into their ARNs, and IAM compares ARNs by case: the
    policies of a stack with upper case in its name would match none of its jobs, models and endpoints.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """
    if not _SHAPE.fullmatch(name):
        yield failed(
            WHAT,
            f"{name!r} cannot be a stack's name.",
            "Use lower-case letters, digits and hyphens, a letter first.",
        )
    elif name != name.lower():
        yield failed(
            WHAT,
            f"{name} has upper-case letters: SageMaker's ARNs are in lower case, so that the stack's own "
            "permissions would not match its jobs, and the first run would be denied.",
            f"Name the stack {name.lower()}.",
        )
    elif len(name) > LONGEST:
        yield failed(
            WHAT,
            f"{name} has {len(name)} characters, and its functions' names would be too long.",
            f"Use at most {LONGEST}.",
        )
    else:
        yield ok(WHAT, f"{name} can be the name of a stack.")
