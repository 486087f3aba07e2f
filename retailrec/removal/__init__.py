"""Removing a stack together with what its functions created outside of it."""
