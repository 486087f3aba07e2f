"""Reads a file of any supported format into one raw table."""
