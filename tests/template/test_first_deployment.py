"""What the command and the docs say of a first deployment, against the template."""

import re
from datetime import timedelta

from retailrec_shared.core.settings import Settings
from retailrec_shared.core.timing import ADOPTED_WITHIN, MAX_STEP_GAP, RECONCILED_EVERY
from tests.environment import read_template

TEMPLATE = read_template()
# "Maximum total concurrency that can be allocated across all serverless endpoints" of a new account.
CONCURRENCY_OF_A_NEW_ACCOUNT = 10


def test_the_reconciler_works_as_often_as_the_command_waits_for() -> None:
    events = TEMPLATE["Resources"]["ReconcileRunsFunction"]["Properties"]["Events"]
    (schedule,) = [each["Properties"]["Schedule"] for each in events.values() if each["Type"] == "Schedule"]
    minutes = re.fullmatch(r"rate\((\d+) minutes\)", schedule)
    assert minutes
    assert timedelta(minutes=int(minutes[1])) == RECONCILED_EVERY
    assert ADOPTED_WITHIN == RECONCILED_EVERY + MAX_STEP_GAP


def test_a_new_account_can_deploy_and_update_the_default_endpoint() -> None:
    concurrency = TEMPLATE["Parameters"]["EndpointMaxConcurrency"]["Default"]
    assert 2 * concurrency <= CONCURRENCY_OF_A_NEW_ACCOUNT, "an update runs the new one next to the old one"
    assert concurrency == Settings.model_fields["endpoint_max_concurrency"].default
