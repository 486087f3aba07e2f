"""S3 Object Created, or a wish to retrain → clean, split, write → DatasetPrepared or DatasetRejected."""

from typing import Any

from prepare_dataset.retraining import retrain
from prepare_dataset.upload import prepare_upload
from retailrec_shared.core import names
from retailrec_shared.core.handlers import event_handler
from retailrec_shared.core.triggers import ObjectCreated, RetrainingRequested
from retailrec_shared.ledger.replay import RETRAINING_REQUESTED


@event_handler
def handler(event: dict[str, Any]) -> None:
    """Prepare the file that was dropped; or, by schedule or an operator's word, the newest dataset anew."""
    if event["detail-type"] in {"Scheduled Event", RETRAINING_REQUESTED}:
        asked = RetrainingRequested.model_validate(event).detail
        retrain(asked.token, asked.run_id)
        return
    dropped = ObjectCreated.model_validate(event).detail
    if not names.makes_a_run(dropped.object.key):
        return
    prepare_upload(
        dropped.bucket.name,
        dropped.object.key,
        dropped.object.version_id,
        dropped.object.sequencer,
        dropped.run_id,
    )
