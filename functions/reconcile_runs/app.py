"""Every five minutes → repairs runs whose event never came."""

from typing import Any

from reconcile_runs.reconciling import reconcile
from retailrec_shared.handlers import event_handler


@event_handler
def handler(_event: dict[str, Any]) -> None:
    """Look at every run that has not ended, and send again what it may have missed."""
    reconcile()
