"""Trains on the newest dataset again, by schedule or at an operator's request."""

from prepare_dataset.upload import prepare_run
from retailrec_shared.core import names
from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger.datasets import datasets
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.retraining import find_trained
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import DatasetVersion


def retrain(token: str = "", run_id: str | None = None) -> None:
    """Start a run on the newest dataset with the stack's present configuration.

    Without a ``token``, only if no run was trained on that dataset with that configuration; each token starts
    one run, however often its event arrives. ``run_id`` is the run for which the event was sent again.
    """
    waiting = ledger().get(run_id) if run_id else None
    if waiting:
        prepare_run(waiting)
        return
    head = datasets().head()
    newest = ledger().get(head.members[-1].run_id) if head.members else None
    if newest is None:
        logger.info("there is no dataset to train on")
        return
    # The mapping was applied when the kept rows were read.
    configuration = settings().run_configuration(newest.configuration.get("column_mapping", ""))
    trained = None if token else find_trained(ledger().runs(), head.dataset, configuration)
    if trained:
        logger.info("nothing has changed", trained=trained.run_id)
        return
    upload = newest.upload
    identity = {**configuration, "dataset": head.dataset, "token": token}
    prepare_run(
        Run(
            run_id=names.run_id(upload.bucket, upload.key, upload.etag, identity),
            upload=upload,
            configuration=configuration,
            dataset=DatasetVersion(id=head.dataset, number=head.number + 1, retrains=newest.run_id),
        )
    )
