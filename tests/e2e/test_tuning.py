"""A search by hand on the deployed stack, with IAM enforced, from the command to the live model."""

from pathlib import Path

import pytest

from retailrec.client.stack import Stack
from retailrec.commands import tune as tune_command
from retailrec.generate import Shape, write
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from tests.e2e.conftest import ROWS, drop, follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_a_tuned_run_goes_live_in_place_of_the_one_it_is_for(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "to be tuned.csv"
    write(path, Shape.of_rows(ROWS), seed=11)
    base = follow(stack, drop(stack, path))  # a run that another test's later upload does not outdate
    assert base.status is RunStatus.LIVE, base.outcome.reason
    monkeypatch.setattr(Stack, "open", lambda _name: stack)
    assert tune_command.tune(None, base.run_id, 3, 1, True, True) == 0
    (run,) = [run for run in stack.ledger().runs() if run.tuning.source_run == base.run_id]
    assert (run.status, run.rollout.replaced) == (RunStatus.LIVE, base.run_id)
    assert set(run.tuning.found) == set(run.searched)
    search = stack.sagemaker().describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=names.tuning_job_name(run.run_id)
    )
    assert search["BestTrainingJob"]["TrainingJobName"] == run.tuning.best_job
    assert search["TrainingJobStatusCounters"]["InProgress"] == 0
    answer = stack.sagemaker().describe_endpoint(EndpointName=stack.output("EndpointName"))
    assert names.run_of_variant(answer["ProductionVariants"][0]["VariantName"]) == run.run_id
