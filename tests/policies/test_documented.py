"""The template allows what AWS's documents demand beyond the calls that are seen."""

import pytest

from local.sagemaker.http.control import OPERATIONS
from local.sagemaker.iam.policies import Access
from tests.environment import ENVIRONMENT, ROOT
from tests.policies.documented import DOCUMENTED, Permission, table
from tests.policies.roles import ACCOUNT, REGION, refusal_of_role
from tests.policies.service_reference import resource_types

NAMES = {
    "STACK": ENVIRONMENT["STACK_NAME"],
    "DATA": f"arn:aws:s3:::{ENVIRONMENT['DATA_BUCKET']}",
    "REGION": REGION,
    "ACCOUNT": ACCOUNT,
    "ROLE": ENVIRONMENT["SAGEMAKER_ROLE_ARN"],
}


def filled(text: str) -> str:
    for name, value in NAMES.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("needed", DOCUMENTED, ids=lambda each: f"{each.role} {each.action}")
def test_a_role_allows_what_a_document_demands(needed: Permission) -> None:
    context = {key: filled(value) for key, value in needed.context.items()}
    access = Access(needed.action, filled(needed.resource), context)
    assert refusal_of_role(needed.role, access) is None, f"{needed.why}: {needed.source}"


def test_the_docs_have_the_table() -> None:
    assert table() in (ROOT / "docs" / "security.md").read_text(), "run python -m tests.policies.documented"


@pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if each.on])
def test_the_local_sagemaker_asks_for_the_resources_that_aws_lists(name: str) -> None:
    """Both know the same kinds of resources; of an endpoint's creation and update, its config too."""
    asked = {kind for kind, _ in OPERATIONS[name].on} - {""}  # an ARN of any kind
    known = resource_types(f"sagemaker:{name}")
    assert asked <= known
    if known == {"endpoint", "endpoint-config"}:
        assert asked == known
