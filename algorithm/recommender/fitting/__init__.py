"""Fits: one function for every algorithm, which leaves the same shape."""

from recommender.fitting.registry import ALGORITHMS, fit

__all__ = ["ALGORITHMS", "fit"]
