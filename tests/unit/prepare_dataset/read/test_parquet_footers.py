"""A Parquet file whose footer is damaged is read or refused, and never ends the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.prepare_dataset.inputs.shop_files import days, parquet_file

# Damaged files are read in children, which pyarrow may end: many by each, and one by one where one ended.
PROGRAM = """
import os, sys
from pathlib import Path
from prepare_dataset.read.parquet.reader import read_parquet
from retailrec_shared.core.errors import Rejected

path, values = Path(sys.argv[1]), [int(value) for value in sys.argv[2:]]
whole = path.read_bytes()
length = int.from_bytes(whole[-8:-4], "little")
damages = [(place, value) for place in range(len(whole) - 8 - length, len(whole) - 8) for value in values]

def end(damages):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        for place, value in damages:
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1:])
            try:
                read_parquet(path)
            except Rejected:
                pass
    except BaseException:
        os._exit(1)
    os._exit(0)

while damages:
    some, damages = damages[:200], damages[200:]
    if end(some):
        print([damage for damage in some if end([damage])])
print(length)
"""


def ended(path: Path, *values: int) -> list[str]:
    """Set each byte of the footer to each value; return the damages that ended the process that read it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *map(str, values)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    *damages, length = done.stdout.splitlines()
    assert int(length) > 100
    return damages


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return parquet_file(tmp_path, days(3))


@pytest.mark.slow
def test_no_damage_of_a_footer_ends_the_process(path: Path) -> None:
    assert not ended(path, 25)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_no_damage_of_any_value_ends_the_process(path: Path) -> None:
    assert not ended(path, *range(0, 256, 5))
