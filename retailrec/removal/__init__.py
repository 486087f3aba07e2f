"""Removing a stack together with what its functions made outside of it."""
