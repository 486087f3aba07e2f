"""The files of a run: training and test rows, catalogue, histories, rankings, similar items."""
