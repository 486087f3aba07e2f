"""The quality report: its model, its figures, and the comparison with the previous run."""
