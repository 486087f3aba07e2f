"""Checks of what a stack needs, before or after it is deployed."""
