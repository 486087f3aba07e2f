"""Evaluates an ended training job against the quality gate and creates its model."""

import math
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools.metrics import MetricUnit

from approve_model.gate import POPULARITY, Metrics, Standards, caution, lift, objection
from approve_model.models import create_models
from approve_model.trained import Trained, present_job
from retailrec_shared.core import bus, counting, names
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.events import ModelRejected
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import DEPLOYABLE, RunStatus, Stage
from retailrec_shared.ledger.announcements import end_run
from retailrec_shared.ledger.attempts import try_again
from retailrec_shared.ledger.failure import fail_run, step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC, model_approved

# FinalMetricDataList is read from the job's log, and may follow the job's end.
METRICS_AFTER = timedelta(minutes=15)


def judge_training_job(job_name: str) -> None:
    """Approve, reject or fail the run of a training or tuning job, by what SageMaker says of the job now."""
    run_id = names.run_of_resource(settings().resource_prefix, job_name) or names.run_of_tuning_job(job_name)
    run = ledger().get(run_id) if run_id else None
    if run is None:
        logger.info("job of another stack ignored", job=job_name)
        return
    job: Trained | None = None
    described = False
    # The model of a run that has one is restored: a retry from there does not train again.
    with step_of(run.run_id, Stage.APPROVE if run.status in DEPLOYABLE else Stage.TRAIN):
        job, described = present_job(run), True
    if not described:
        return
    if run.status in DEPLOYABLE:
        _restore(run, job)
        return
    if job is None:
        what = "tuning" if run.tunes else "training"
        if run.status is RunStatus.TRAINING and not run.stages[Stage.TRAIN].begins_again:
            # AWS keeps jobs; the local cloud loses them when it restarts.
            fail_run(run.run_id, Stage.TRAIN, f"SageMaker has no {what} job of this run any more.")
        else:
            logger.info("the present attempt has no job yet", job=job_name)
        return
    if run.status is RunStatus.PREPARED:  # start_training died after creating the job
        ledger().start_stage(run.run_id, Stage.TRAIN)
        run = ledger().move(run.run_id, RunStatus.TRAINING) or run
    if run.status is RunStatus.TRAINING:
        _judge(run, job)


def _restore(run: Run, job: Trained | None) -> None:
    """Create what is missing of an approved run's models, and publish its event again.

    Somebody deleted one, or the stack has another EndpointMode since.
    """
    with step_of(run.run_id, Stage.APPROVE):
        if job and job.status == "Completed":
            create_models(run, job.artifact)
            if run.stages[Stage.APPROVE].waiting:
                ledger().end_stage(run.run_id, Stage.APPROVE)
        if run.status is RunStatus.APPROVED:
            bus.publish(model_approved(run, settings()))


def _judge(run: Run, job: Trained) -> None:
    if job.status == "Completed":
        if job.best_job:
            ledger().record(run.run_id, best_job=job.best_job, tuned=dict(job.tuned))
        ledger().end_stage(run.run_id, Stage.TRAIN)
        if run.stages[Stage.APPROVE].unsettled_since is None:  # which a start would forget
            ledger().start_stage(run.run_id, Stage.APPROVE)
        with step_of(run.run_id, Stage.APPROVE):
            _wait_for_metrics(run, job)
            _pass_gate(run, job)
    elif job.status in {"Failed", "Stopped"}:
        reason = job.failure or f"The training job was {job.status.lower()}."
        try_again(run, Stage.TRAIN, reason)
        if fail_run(run.run_id, Stage.TRAIN, reason):
            counting.count_training_seconds(job.seconds)


def _wait_for_metrics(run: Run, job: Trained) -> None:
    """Raise NotYet while the metric of a job that ended just now may still come."""
    recent = job.ended is not None and datetime.now(UTC) - job.ended < METRICS_AFTER
    if recent and CONTRACT_METRIC not in job.metrics:
        raise NotYet(f"SageMaker does not show the training job's {CONTRACT_METRIC} yet.")


def _pass_gate(run: Run, job: Trained) -> None:
    live = _live_run()
    reason = None if run.gate.overruled else objection(run, job.metrics, live, _standards())
    found = {name: value for name, value in job.metrics.items() if math.isfinite(value)}  # JSON has no others
    if reason:
        then = ModelRejected.NEXT_STEP.format(run_id=run.run_id)
        if end_run(run.run_id, RunStatus.MODEL_REJECTED, metrics=found, reason=reason, next_step=then):
            _count_metrics(found)
            counting.count_training_seconds(job.seconds)
        logger.warning("model rejected by the gate", run_id=run.run_id, reason=reason)
        return
    create_models(run, job.artifact)
    if _approve(run, found, caution(run, found, live, _standards().tolerance)):
        _count_metrics(found)
        counting.count_training_seconds(job.seconds)


def _standards() -> Standards:
    return Standards(settings().quality_floor, settings().quality_tolerance, settings().coverage_floor)


def _live_run() -> Run | None:
    live = ledger().pointer("live")
    return ledger().get(live) if live else None


def _approve(run: Run, found: dict[str, float], doubt: str | None) -> bool:
    ledger().end_stage(run.run_id, Stage.APPROVE)
    approved = ledger().move(run.run_id, RunStatus.APPROVED, metrics=found, caution=doubt)
    if approved:
        if doubt:
            logger.warning("model approved with a caution", run_id=run.run_id, caution=doubt)
        bus.publish(model_approved(approved, settings()))
    return approved is not None


def _count_metrics(found: Metrics) -> None:
    """Send a model's metrics on held-out rows to CloudWatch, with the comparison to popularity."""
    values = {
        "PrecisionAt10": found.get(CONTRACT_METRIC),
        "PrecisionAt10Popularity": found.get(POPULARITY),
        "NdcgAt20": found.get("ndcg@20"),
        "PopularityLift": lift(found),
    }
    for name, value in values.items():
        if value is not None:
            metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
