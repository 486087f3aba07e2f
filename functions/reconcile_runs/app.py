"""Every five minutes → repairs runs whose event never came. RunFailed → stops the jobs of a stopped run."""

from typing import Any

from reconcile_runs.reconciling import reconcile
from reconcile_runs.stopping import stop_jobs_of
from retailrec_shared.core.events import RunFailed
from retailrec_shared.core.handlers import timed_event_handler
from retailrec_shared.core.invocation import Invocation
from retailrec_shared.core.triggers import own_event


@timed_event_handler
def handler(event: dict[str, Any], invocation: Invocation) -> None:
    """Look at the one run that has failed, or else at every run that has not ended."""
    if event.get("detail-type") == RunFailed.detail_type:
        stop_jobs_of(own_event(RunFailed, event).run_id)
    else:
        reconcile(invocation)
