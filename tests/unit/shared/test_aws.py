"""AWS's errors, told apart by their names and words."""

import pytest
from botocore.exceptions import ClientError

from retailrec_shared import aws
from retailrec_shared.errors import NotYet


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def test_a_missing_resource_is_told_by_its_words() -> None:
    assert aws.says_missing(error("ValidationException", 'Could not find endpoint "x".'))
    assert not aws.says_missing(error("ValidationException", "Name must match a pattern"))
    assert not aws.says_missing(error("AccessDeniedException", "could not find a policy"))


def test_a_taken_name_is_there_already() -> None:
    assert aws.says_exists(error("ResourceInUse", "Job name must be unique"))
    assert aws.says_exists(error("ValidationException", 'Cannot create already existing model "x".'))
    assert not aws.says_exists(error("ResourceLimitExceeded", "quota"))


def test_a_lack_of_quota_is_not_a_failure() -> None:
    with pytest.raises(NotYet, match="limit is 0"), aws.parked_when_over_quota():
        raise error("ResourceLimitExceeded", "The account-level service limit is 0 Instances")


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ClientError, match="ThrottlingException"), aws.parked_when_over_quota():
        raise error("ThrottlingException")
