"""Metrics: held out, in sample, and by epoch."""
