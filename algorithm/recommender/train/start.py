"""The start of a training: root's privileges are given up before the program is imported.

numba decides when it is imported where compiled code is kept, by what the process may then write to.
"""

import sys

from recommender.folders import Folders
from recommender.privileges import before_training
from recommender.train.job import write_failure


def main() -> int:
    """Give up root's privileges where the image says so, then train."""
    folders = Folders.from_environment()
    try:
        privileges = before_training(folders)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - no log yet
        write_failure(folders.failure, str(error))
        return 1
    if privileges:
        print(privileges)  # noqa: T201 - no log yet
    from recommender.train import program  # imports numba

    return program.main()
