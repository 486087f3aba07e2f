"""Training anew on the newest dataset, by schedule or because somebody asked for it."""

from prepare_dataset.upload import take_up
from retailrec_shared.core import names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.datasets import datasets
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.retraining import find_trained
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import DatasetVersion


def retrain(token: str = "", run_id: str | None = None) -> None:
    """Make a run on the newest dataset as the stack is configured now; it is prepared, trained and judged.

    Without a ``token``, only if no run was trained on that dataset so configured; each token makes one
    run, however often its event comes. ``run_id`` is the run on whose behalf the event was sent again.
    """
    waiting = ledger().get(run_id) if run_id else None
    if waiting:
        take_up(waiting)
        return
    head = datasets().head()
    newest = ledger().get(head.members[-1].run_id) if head.members else None
    if newest is None:
        logger.info("there is no dataset to train on")
        return
    # Rows that are kept were mapped when they were read.
    configuration = settings().run_configuration(newest.configuration.get("column_mapping", ""))
    trained = None if token else find_trained(ledger().runs(), head.dataset, configuration)
    if trained:
        logger.info("nothing has changed", trained=trained.run_id)
        return
    upload = newest.upload
    identity = {**configuration, "dataset": head.dataset, "token": token}
    take_up(
        Run(
            run_id=names.run_id(upload.bucket, upload.key, upload.etag, identity),
            upload=upload,
            configuration=configuration,
            dataset=DatasetVersion(id=head.dataset, number=head.number + 1, retrains=newest.run_id),
        )
    )
