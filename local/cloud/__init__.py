"""The AWS of a laptop: an emulator, a strict SageMaker, and our template deployed on them."""

from local.cloud.lifecycle import down, running, up
from local.cloud.state import Running

__all__ = ["Running", "down", "running", "up"]
