"""A Parquet file whose footer is damaged is read or refused, and never ends the process."""

import subprocess
import sys
from pathlib import Path

from tests.unit.prepare_dataset.shop_files import days, parquet_file

ROOT = Path(__file__).parents[3]
TAIL = 8  # the footer's length and the magic word
# Each damaged file is read in a child, which pyarrow may end.
PROGRAM = """
import os, sys
from pathlib import Path
from prepare_dataset.reading_parquet import read_parquet
from retailrec_shared.errors import Rejected
path = Path(sys.argv[1])
whole = path.read_bytes()
length = int.from_bytes(whole[-8:-4], "little")
ended = []
for place in range(len(whole) - 8 - length, len(whole) - 8, 3):
    for value in (25,):
        path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1:])
        child = os.fork()
        if not child:
            try:
                read_parquet(path)
            except Rejected:
                pass
            except BaseException:
                os._exit(1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status:
            ended.append((place, value, status))
print(ended)
"""


def test_no_damage_of_a_footer_ends_the_process(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, days(3))
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{ROOT / 'functions'}:{ROOT / 'layers/shared'}"},
        timeout=850,
    )
    assert told.stdout.strip() == "[]"
