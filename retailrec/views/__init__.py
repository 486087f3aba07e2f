"""Runs, metrics and answers as text and tables in a terminal."""
