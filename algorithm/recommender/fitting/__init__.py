"""Fits: one function for each algorithm, all with the same result type."""

from recommender.fitting.registry import ALGORITHMS, fit

__all__ = ["ALGORITHMS", "fit"]
