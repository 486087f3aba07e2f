"""prepare_dataset on the full real file, with its template's memory as the container's cgroup limit."""

import pytest

from retailrec_shared.core.status import RunStatus
from tests.environment import read_template
from tests.needs import real_data, with_real_data
from tests.sam_local.world import World

LIMITS = read_template()["Resources"]["PrepareDatasetFunction"]["Properties"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500), with_real_data]


def test_the_real_file_is_prepared_within_memory_and_time(world: World) -> None:
    dropped = world.drop(real_data(), "online_retail_II.xlsx")
    row, made = world.invoke("PrepareDatasetFunction", "object-created", dropped, "object-created, real file")
    assert not made.killed
    assert made.memory_limit_mb == LIMITS["MemorySize"]
    assert made.max_memory_mb is not None
    assert made.max_memory_mb < LIMITS["MemorySize"]
    assert made.duration_ms < 1000 * LIMITS["Timeout"]
    run = world.run_of(dropped)
    assert run.status is RunStatus.PREPARED, (run.outcome.reason, made.log)
    counts = run.counts
    assert counts["rows_read"] == 1_067_371
    row.outcome = f"ledger: prepared, {counts['interactions']:,} interactions"
