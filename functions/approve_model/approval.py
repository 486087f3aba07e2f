"""Judging an ended training job and making its model."""

from typing import TYPE_CHECKING

from approve_model.gate import objection
from approve_model.models import create_model
from retailrec_shared import aws, bus, names
from retailrec_shared.announcing import end_run
from retailrec_shared.approved import model_approved
from retailrec_shared.events import ModelRejected
from retailrec_shared.failure import fail_run, step_of
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef


def judge_training_job(job_name: str) -> None:
    """Approve, reject or fail the run of a training job, by what SageMaker says of the job now."""
    run_id = names.run_of_resource(settings().resource_prefix, job_name)
    run = ledger().get(run_id) if run_id else None
    if run is None:
        logger.info("not a job of ours", job=job_name)
        return
    job = aws.sagemaker().describe_training_job(TrainingJobName=job_name)
    if run.status is RunStatus.PREPARED:  # created, and then the creator died before it could note it
        ledger().start_stage(run.run_id, Stage.TRAIN)
        run = ledger().move(run.run_id, RunStatus.TRAINING) or run
    if run.status is RunStatus.APPROVED:  # approved, and then the event may have been lost
        bus.publish(model_approved(run, settings()))
    elif run.status is RunStatus.TRAINING:
        _judge(run, job)


def _judge(run: Run, job: "DescribeTrainingJobResponseTypeDef") -> None:
    status = job["TrainingJobStatus"]
    if status == "Completed":
        ledger().end_stage(run.run_id, Stage.TRAIN)
        ledger().start_stage(run.run_id, Stage.APPROVE)
        _pass_gate(run, job)
    elif status in {"Failed", "Stopped"}:
        fail_run(
            run.run_id, Stage.TRAIN, job.get("FailureReason") or f"The training job was {status.lower()}."
        )


def _pass_gate(run: Run, job: "DescribeTrainingJobResponseTypeDef") -> None:
    found = {metric["MetricName"]: float(metric["Value"]) for metric in job.get("FinalMetricDataList", [])}
    reason = objection(found, settings().quality_floor)
    if reason:
        end = {"metrics": found, "reason": reason, "next_step": ModelRejected.NEXT_STEP}
        end_run(run.run_id, RunStatus.MODEL_REJECTED, **end)
        return
    with step_of(run.run_id, Stage.APPROVE):
        create_model(run, job["ModelArtifacts"]["S3ModelArtifacts"])
        _approve(run, found)


def _approve(run: Run, found: dict[str, float]) -> None:
    ledger().end_stage(run.run_id, Stage.APPROVE)
    approved = ledger().move(run.run_id, RunStatus.APPROVED, metrics=found)
    if approved:
        bus.publish(model_approved(approved, settings()))
