"""S3 Object Created, or a request to retrain → clean, split, write → DatasetPrepared or DatasetRejected."""

from typing import Any

from prepare_dataset.retraining import retrain
from prepare_dataset.upload import prepare_upload
from retailrec_shared.core import names
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import ObjectCreated, RetrainingRequested
from retailrec_shared.ledger.replay import RETRAINING_REQUESTED


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Prepare an uploaded file; or the newest dataset again, by schedule or at an operator's request."""
    if event["detail-type"] in {"Scheduled Event", RETRAINING_REQUESTED}:
        request = RetrainingRequested.model_validate(event).detail
        retrain(request.token, request.run_id)
        return
    created = ObjectCreated.model_validate(event).detail
    if not names.makes_a_run(created.object.key):
        return
    prepare_upload(
        created.bucket.name,
        created.object.key,
        created.object.version_id,
        created.object.sequencer,
        created.run_id,
    )
