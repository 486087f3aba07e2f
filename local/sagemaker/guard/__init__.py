"""Stands before every local service: who may ask at all, and who signed what is asked."""

from local.guard.guard import KEY, Guard, reading
from local.guard.hosts import Hosts
from local.guard.keys import Key, Refused

__all__ = ["KEY", "Guard", "Hosts", "Key", "Refused", "reading"]
