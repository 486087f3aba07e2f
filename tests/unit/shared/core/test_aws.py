"""AWS's errors, told apart by their names and words."""

import pytest
from botocore.exceptions import ClientError

from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet, Rejected


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
    with pytest.raises(NotYet, match="limit is 0"), aws.creating("job"):
        raise error("ResourceLimitExceeded", "The account-level service limit is 0 Instances")


def test_what_exists_already_need_not_be_created() -> None:
    with aws.creating("job"):
        raise error("ResourceInUse", "Job name must be unique")


def test_what_is_invalid_is_refused_with_sagemakers_words() -> None:
    with pytest.raises(Rejected, match=r"refused the job: Bad value\."), aws.creating("job"):
        raise error("ValidationException", "Bad value.")


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ClientError, match="ThrottlingException"), aws.creating("job"):
        raise error("ThrottlingException")


def test_deleting_what_is_gone_is_no_error() -> None:
    def gone() -> None:
        raise error("ValidationException", 'Could not find model "x".')

    def busy() -> None:
        raise error("ValidationException", "Cannot delete.")

    aws.delete_if_there(gone)
    with pytest.raises(ClientError):
        aws.delete_if_there(busy)
