"""Metrics of trainings: read from the job, shown as tables, drawn as plots."""
