"""Lines of the files that prepare_dataset and the batch job write for a run."""

import gzip
from collections.abc import Iterator
from pathlib import Path

from retailrec_shared.core import aws, names
from retailrec_shared.core.settings import settings


def read_lines(run_id: str, folder: Path, relative: str) -> Iterator[str]:
    """Download a run's file into a folder and yield its lines; gunzips a name that ends in .gz.

    Raises ClientError when the file is missing.
    """
    path = folder / relative.replace("/", "-")
    aws.s3().download_file(settings().data_bucket, names.run_key(run_id, relative), str(path))
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines
