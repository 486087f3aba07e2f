"""Datasets of several files: adding the rows of one to those of others."""
