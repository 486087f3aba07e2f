"""Guards every local service: refuses web pages, and verifies who signed each request."""

from local.sagemaker.guard.guard import KEY, Guard, read_only
from local.sagemaker.guard.hosts import Hosts
from local.sagemaker.guard.keys import Key, Refused

__all__ = ["KEY", "Guard", "Hosts", "Key", "Refused", "read_only"]
